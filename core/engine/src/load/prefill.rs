//! A limit of requests that wait for their first token.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::MonoNs;

use super::pacer::Pacer;
use super::phase::PrefillPlan;

/// The right to wait for a first token. It is given back when dropped.
pub(super) type Place = OwnedSemaphorePermit;

/// The places of a phase, which all load threads share. Requests get them in the order of asking.
#[derive(Debug)]
pub(super) struct Prefill {
    places: Arc<Semaphore>,
    plan: PrefillPlan,
}

impl Prefill {
    pub(super) fn new(plan: PrefillPlan) -> Self {
        let most = plan.concurrency.min(Semaphore::MAX_PERMITS);
        let first = if plan.ramp.is_zero() { most } else { 1 };
        Self {
            places: Arc::new(Semaphore::new(first)),
            plan,
        }
    }

    /// Waits for a place.
    pub(super) async fn enter(&self) -> Option<Place> {
        // It is never closed, so that waiting cannot fail.
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// A place, if one is free and nobody waits for it.
    pub(super) fn try_enter(&self) -> Option<Place> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Adds places until there are all of them. To be run once.
    pub(super) async fn rise(&self, pacer: &Pacer, start: MonoNs) {
        if self.plan.ramp.is_zero() {
            return;
        }
        for place in 1..self.plan.concurrency {
            let share = place as f64 / self.plan.concurrency as f64;
            pacer
                .until(start.after(self.plan.ramp.mul_f64(share)))
                .await;
            self.places.add_permits(1);
        }
    }
}
