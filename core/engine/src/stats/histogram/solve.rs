//! Small dense systems and the constrained least squares made of them.

/// Solves `m x = b` in place for a symmetric positive definite `m` of `n` rows (row by row), of
/// which only the lower half is read. `m` becomes its Cholesky factor. False if it is not positive
/// definite.
pub(super) fn factor(m: &mut [f64], n: usize) -> bool {
    for row in 0..n {
        for column in 0..=row {
            let inner: f64 = (0..column)
                .map(|k| m[row * n + k] * m[column * n + k])
                .sum();
            let rest = m[row * n + column] - inner;
            if row != column {
                m[row * n + column] = rest / m[column * n + column];
            } else if rest > 0.0 {
                m[row * n + row] = rest.sqrt();
            } else {
                return false;
            }
        }
    }
    true
}

/// Solves `m x = b` for the Cholesky factor of `m`; `b` becomes `x`.
pub(super) fn substitute(factor: &[f64], n: usize, b: &mut [f64]) {
    for row in 0..n {
        let known: f64 = (0..row).map(|k| factor[row * n + k] * b[k]).sum();
        b[row] = (b[row] - known) / factor[row * n + row];
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| factor[k * n + row] * b[k]).sum();
        b[row] = (b[row] - known) / factor[row * n + row];
    }
}

/// Means of buckets: the `x` that minimises `x'hx - 2 g'x` (h positive definite, row by row) with
/// `weights'x = total` and `lo <= x <= hi`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Problem<'a> {
    pub(super) h: &'a [f64],
    pub(super) g: &'a [f64],
    pub(super) weights: &'a [f64],
    pub(super) total: f64,
    pub(super) lo: &'a [f64],
    pub(super) hi: &'a [f64],
}

/// Where a variable stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Free,
    AtLo,
    AtHi,
}

/// Space that [`Problem::solve`] works in, kept so that it is allocated once.
#[derive(Debug, Clone, Default)]
pub(super) struct Work {
    places: Vec<Place>,
    free: Vec<usize>,
    matrix: Vec<f64>,
    target: Vec<f64>,
    pull: Vec<f64>,
}

impl Problem<'_> {
    /// Solves from the start `x`, which it replaces: a primal active set method, so every step
    /// stays feasible and lowers the objective. If no `x` has the total, the nearest that has all
    /// but it.
    pub(super) fn solve(&self, work: &mut Work, x: &mut [f64]) {
        let n = x.len();
        for (i, x) in x.iter_mut().enumerate() {
            *x = x.min(self.hi[i]).max(self.lo[i]);
        }
        self.meet_total(x);
        work.places.clear();
        work.places.extend((0..n).map(|i| self.place(i, x[i])));
        for _ in 0..6 * n + 6 {
            if !self.aim(work, x) {
                return;
            }
            if !self.step(work, x) && !self.release(work, x) {
                return;
            }
        }
    }

    fn place(&self, i: usize, x: f64) -> Place {
        if x <= self.lo[i] {
            Place::AtLo
        } else if x >= self.hi[i] {
            Place::AtHi
        } else {
            Place::Free
        }
    }

    /// Moves into the room that is left until the total is right.
    fn meet_total(&self, x: &mut [f64]) {
        let sum: f64 = self.weights.iter().zip(&*x).map(|(w, x)| w * x).sum();
        let gap = self.total - sum;
        let room = |i: usize, x: f64| {
            let bound = if gap > 0.0 { self.hi[i] } else { self.lo[i] };
            bound - x
        };
        let rooms = x
            .iter()
            .enumerate()
            .map(|(i, x)| self.weights[i] * room(i, *x));
        let all: f64 = rooms.sum();
        if all.abs() <= 0.0 {
            return;
        }
        let share = (gap / all).clamp(0.0, 1.0);
        for (i, x) in x.iter_mut().enumerate() {
            *x = (*x + share * room(i, *x)).min(self.hi[i]).max(self.lo[i]);
        }
    }

    /// Finds where the free variables should go if nothing stops them: `work.target`. Beside it,
    /// `work.pull`: how the target follows the total. False if numbers fail.
    fn aim(&self, work: &mut Work, x: &[f64]) -> bool {
        let n = x.len();
        let Work {
            places,
            free,
            matrix,
            target,
            pull,
        } = work;
        free.clear();
        free.extend((0..n).filter(|i| places[*i] == Place::Free));
        let size = free.len();
        matrix.clear();
        matrix.extend(
            free.iter()
                .flat_map(|i| free.iter().map(move |j| self.h[i * n + j])),
        );
        target.clear();
        target.extend(free.iter().map(|i| self.g[*i] - self.held(places, x, *i)));
        pull.clear();
        pull.extend(free.iter().map(|i| self.weights[*i]));
        if size == 0 {
            return true;
        }
        if !factor(matrix, size) {
            return false;
        }
        substitute(matrix, size, target);
        substitute(matrix, size, pull);
        let now: f64 = free.iter().map(|i| self.weights[*i] * x[*i]).sum();
        let (mut aimed, mut pulled) = (0.0, 0.0);
        for (at, i) in free.iter().enumerate() {
            aimed += self.weights[*i] * target[at];
            pulled += self.weights[*i] * pull[at];
        }
        let shift = (now - aimed) / pulled;
        for (target, pull) in target.iter_mut().zip(&*pull) {
            *target += shift * pull;
        }
        shift.is_finite()
    }

    /// What the variables at their bounds add to row `i` of `h x`.
    fn held(&self, places: &[Place], x: &[f64], i: usize) -> f64 {
        let held = (0..x.len()).filter(|j| places[*j] != Place::Free);
        held.map(|j| self.h[i * x.len() + j] * x[j]).sum()
    }

    /// Goes to the target, or as far as the first bound lets it. True if there was such a bound.
    fn step(&self, work: &mut Work, x: &mut [f64]) -> bool {
        let mut first = (1.0, None);
        for (at, i) in work.free.iter().enumerate() {
            let way = work.target[at] - x[*i];
            let (bound, place) = if way < 0.0 {
                (self.lo[*i], Place::AtLo)
            } else {
                (self.hi[*i], Place::AtHi)
            };
            let share = (bound - x[*i]) / way;
            if way != 0.0 && share < first.0 {
                first = (share, Some((*i, bound, place)));
            }
        }
        for (at, i) in work.free.iter().enumerate() {
            let moved = x[*i] + first.0 * (work.target[at] - x[*i]);
            x[*i] = moved.min(self.hi[*i]).max(self.lo[*i]);
        }
        let Some((i, bound, place)) = first.1 else {
            return false;
        };
        (x[i], work.places[i]) = (bound, place);
        true
    }

    /// Frees the variable that most wants to leave its bound. False if none does: `x` is optimal.
    fn release(&self, work: &mut Work, x: &[f64]) -> bool {
        let n = x.len();
        let slope = |i: usize| {
            let row: f64 = (0..n).map(|j| self.h[i * n + j] * x[j]).sum();
            (row - self.g[i]) / self.weights[i]
        };
        // Cost of a unit of the total, by the free variables; they agree. Without any, the cheapest
        // exchange between two that are held is looked for.
        let price = match work.free.first() {
            Some(free) => Some(slope(*free)),
            None => self.exchange(work, n, slope),
        };
        let Some(price) = price else {
            return false;
        };
        let gain = |i: usize| match work.places[i] {
            Place::AtLo if self.hi[i] > self.lo[i] => price - slope(i),
            Place::AtHi if self.hi[i] > self.lo[i] => slope(i) - price,
            _ => 0.0,
        };
        let best = (0..n).max_by(|a, b| gain(*a).total_cmp(&gain(*b)));
        let tolerance = 1e-10 * price.abs();
        match best {
            Some(i) if gain(i) > tolerance => {
                work.places[i] = Place::Free;
                true
            }
            _ => false,
        }
    }

    /// If all variables are held: frees the one that rises at the least cost, and gives the price at
    /// which another may sink for it.
    fn exchange(&self, work: &mut Work, n: usize, slope: impl Fn(usize) -> f64) -> Option<f64> {
        let can_rise = |i: &usize| work.places[*i] == Place::AtLo && self.hi[*i] > self.lo[*i];
        let riser = (0..n)
            .filter(can_rise)
            .min_by(|a, b| slope(*a).total_cmp(&slope(*b)))?;
        work.places[riser] = Place::Free;
        Some(slope(riser))
    }
}
