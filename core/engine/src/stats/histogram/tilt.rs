//! The distribution with a given mean and variance that is nearest to a given shape: of least
//! relative entropy, `p ~ f exp(a t + b t²)`.

/// Steps of Newton's method; it needs five to fifteen.
const STEPS: usize = 60;

/// Weights of some points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) mean: f64,
    /// Only what is wider than this is narrowed: without information nothing is peaked at its ends.
    pub(super) variance: f64,
}

/// Weights that a tilt gives to points, with their moments around the target mean.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    /// Logarithm of the sum of weights.
    log_sum: f64,
    m1: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

/// Points, in units of their range and relative to the target mean.
struct Points<'a> {
    t: Vec<f64>,
    shape: &'a [f64],
    weights: &'a mut [f64],
}

impl Points<'_> {
    /// Sets the weights to `f exp(a t + b t²)`, normalised.
    fn weigh(&mut self, a: f64, b: f64) -> Moments {
        let exponent = |t: f64| a * t + b * t * t;
        let top = self.t.iter().map(|t| exponent(*t)).fold(f64::MIN, f64::max);
        let mut sum = 0.0;
        for ((weight, t), f) in self.weights.iter_mut().zip(&self.t).zip(self.shape) {
            *weight = f * (exponent(*t) - top).exp();
            sum += *weight;
        }
        let mut moments = Moments {
            log_sum: sum.ln() + top,
            ..Moments::default()
        };
        for (weight, t) in self.weights.iter_mut().zip(&self.t) {
            *weight /= sum;
            let t2 = t * t;
            moments.m1 += *weight * t;
            moments.m2 += *weight * t2;
            moments.m3 += *weight * t2 * t;
            moments.m4 += *weight * t2 * t2;
        }
        moments
    }

    /// Finds `a` for a mean of zero, `b` being zero.
    fn meet_mean(&mut self) -> (f64, Moments) {
        let (mut low, mut high) = (-4000.0, 4000.0);
        let mut a = 0.0;
        let mut moments = self.weigh(a, 0.0);
        for _ in 0..STEPS {
            if moments.m1.abs() < 1e-10 {
                break;
            }
            if moments.m1 > 0.0 {
                high = a;
            } else {
                low = a;
            }
            let next = a - moments.m1 / (moments.m2 - moments.m1 * moments.m1);
            a = if next > low && next < high {
                next
            } else {
                f64::midpoint(low, high)
            };
            moments = self.weigh(a, 0.0);
        }
        (a, moments)
    }

    /// Finds `a` and `b` for a mean of zero and this variance by Newton's method on the dual, which
    /// is convex: a step that does not lower it is halved.
    fn meet_both(&mut self, mut a: f64, mut moments: Moments, variance: f64) {
        let mut b = 0.0;
        for _ in 0..STEPS {
            let (g0, g1) = (moments.m1, moments.m2 - variance);
            if g0.abs() < 1e-9 && g1.abs() < 1e-6 * variance {
                return;
            }
            let (da, db) = newton(&moments, g0, g1);
            let value = moments.log_sum - b * variance;
            let slope = da * g0 + db * g1;
            let mut length = 1.0_f64.min(1e6 / db.abs().max(1e-300));
            loop {
                let (na, nb) = (a + length * da, b + length * db);
                let next = self.weigh(na, nb);
                let lower = next.log_sum - nb * variance <= value + 1e-4 * length * slope + 1e-14;
                if lower || length < 1e-9 {
                    (a, b, moments) = (na, nb, next);
                    break;
                }
                length *= 0.5;
            }
            if length < 1e-9 {
                return;
            }
        }
    }
}

/// Newton's step on the gradient `(g0, g1)`.
fn newton(moments: &Moments, g0: f64, g1: f64) -> (f64, f64) {
    let Moments { m1, m2, m3, m4, .. } = *moments;
    let (h00, h01, h11) = (m2 - m1 * m1, m3 - m1 * m2, m4 - m2 * m2);
    let h00 = h00 * (1.0 + 1e-12) + 1e-300;
    let h11 = h11 * (1.0 + 1e-9) + 1e-300;
    let determinant = h00 * h11 - h01 * h01;
    if determinant > 1e-14 * h00 * h11 {
        (
            -(h11 * g0 - h01 * g1) / determinant,
            -(h00 * g1 - h01 * g0) / determinant,
        )
    } else {
        (-g0 / h00, 0.0)
    }
}

/// Sets `weights` of rising points to the tilted `shape`. The mean is met if it lies between the
/// points; the variance if it is smaller than that of the shape with this mean. Returns whether the
/// variance wanted was larger, and that of the weights.
pub(super) fn tilt(points: &[f64], shape: &[f64], target: Target, weights: &mut [f64]) -> f64 {
    let (first, last) = (points[0], points[points.len() - 1]);
    let width = last - first;
    if width.is_nan() || width <= 0.0 {
        weights.copy_from_slice(shape);
        return 0.0;
    }
    let place = ((target.mean - first) / width).clamp(1e-6, 1.0 - 1e-6);
    let t = points.iter().map(|x| (x - first) / width - place).collect();
    let mut points = Points { t, shape, weights };
    let (a, moments) = points.meet_mean();
    let variance = target.variance / (width * width);
    if variance < moments.m2 * (1.0 - 1e-6) {
        points.meet_both(a, moments, variance);
    }
    moments.m2 * width * width
}
