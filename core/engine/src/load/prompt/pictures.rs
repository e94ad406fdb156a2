//! Images beside prompts.

use std::sync::Arc;

use super::plan::{ImagePlan, ImageSource};
use super::random::{generator, sample, scramble};
use crate::load::conversation::Prompt;
use crate::load::image;

/// What sets the pixels apart from texts.
const IMAGE_KEY: u64 = 1 << 62;

/// Images that requests take theirs from.
#[derive(Clone, Debug, Default)]
pub(super) struct Pictures {
    urls: Vec<Arc<str>>,
    per_request: u32,
}

impl Pictures {
    /// Makes, or takes over, all images. Those of noise take about 3 ms a megapixel.
    pub(super) fn new(plan: &ImagePlan, seed: u64) -> Self {
        let urls = match &plan.source {
            ImageSource::Given(urls) => urls.clone(),
            ImageSource::Noise { width, height } => (0..u64::from(plan.pool))
                .filter_map(|index| {
                    let mut random = generator(seed, IMAGE_KEY + index);
                    let (width, height) =
                        (sample(*width, &mut random), sample(*height, &mut random));
                    image::data_url(&image::noise(width, height, &mut random))
                })
                .collect(),
        };
        Self {
            urls,
            per_request: plan.per_request,
        }
    }

    /// Adds those of a request: neighbours have different ones as long as there are some left.
    pub(super) fn add(&self, seed: u64, key: u64, prompt: &mut Prompt) {
        let n = self.urls.len() as u64;
        if n == 0 {
            return;
        }
        let first = key.wrapping_mul(u64::from(self.per_request));
        for at in 0..u64::from(self.per_request) {
            let place = first.wrapping_add(at).wrapping_add(scramble(seed)) % n;
            let url = self.urls.get(usize::try_from(place).unwrap_or_default());
            prompt.images.extend(url.cloned());
        }
    }
}
