//! `[prompts]` becomes what prompts are made of.

use std::path::Path;
use std::sync::Arc;

use super::Resolver;
use crate::config::error::Problem;
use crate::config::schema::{DatasetType, SamplingStrategy};
use crate::load::{
    Dataset, DatasetFormat, EndpointKind, ImagePlan, ImageSource, PrefixPlan, PromptPlan,
    RankingPlan, Sampling, TokenCount, Tokenizer, image_urls,
};

impl Resolver<'_> {
    pub(super) fn prompts(&mut self) -> PromptPlan {
        let file = self.input_file();
        let tokenizer = self.tokenizer();
        let images = self.images();
        self.check_prefixes();
        self.check_system();
        let prompts = &self.config.prompts;
        let count = |mean, stddev| TokenCount { mean, stddev };
        PromptPlan {
            file,
            tokenizer,
            images,
            batch_size: prompts.batch_size,
            system: prompts.system_prompt.as_deref().map(Arc::from),
            shared_system_tokens: prompts.shared_system_prompt_length,
            prefixes: PrefixPlan {
                count: prompts.num_prefix_prompts,
                tokens: prompts.prefix_prompt_length,
            },
            sessions: self.sessions(),
            rankings: RankingPlan {
                passages: count(
                    prompts.rankings_passages_mean,
                    prompts.rankings_passages_stddev,
                ),
                passage_tokens: count(
                    prompts.rankings_passages_prompt_token_mean,
                    prompts.rankings_passages_prompt_token_stddev,
                ),
                query_tokens: count(
                    prompts.rankings_query_prompt_token_mean,
                    prompts.rankings_query_prompt_token_stddev,
                ),
            },
        }
    }

    fn input_file(&mut self) -> Option<(Arc<Dataset>, Sampling)> {
        const PATH: [&str; 2] = ["prompts", "input_file"];
        let (prompts, kind) = (&self.config.prompts, self.config.endpoint.kind);
        let Some(path) = &prompts.input_file else {
            if kind == EndpointKind::Raw {
                let help = "give `--input-file`, with a body a line".to_owned();
                self.wrong(&["endpoint", "type"], "needs bodies", Some(help));
            }
            return None;
        };
        let raw = (kind == EndpointKind::Raw).then_some(DatasetFormat::RawPayload);
        let format = prompts.custom_dataset_type.map(format_of).or(raw);
        let sampling = match prompts.dataset_sampling_strategy {
            SamplingStrategy::Sequential => Sampling::Sequential,
            SamplingStrategy::Shuffle => Sampling::Shuffle,
            SamplingStrategy::Random => Sampling::Random,
        };
        let dataset = match Dataset::load(path, format) {
            Ok(dataset) => dataset,
            Err(error) => {
                self.wrong(&PATH, &format!("is no file of prompts: {error}"), None);
                return None;
            }
        };
        let asked = dataset.conversations.iter().flat_map(|said| &said.turns);
        let lacks =
            |turn: &crate::load::Turn| turn.prompt.body.is_none() && turn.prompt.more.is_empty();
        if kind.ranks() && asked.clone().any(lacks) {
            let help = r#"write `{"query": "...", "passages": ["..."]}`"#.to_owned();
            self.wrong(&PATH, "has queries without passages", Some(help));
        }
        let is_told = self.config.load.fixed_schedule.is_some();
        let has_times = asked.clone().any(|turn| turn.at.is_some());
        if has_times && !is_told && !self.is_scheduled(&dataset, sampling) {
            let message = "the times in the file are not followed".to_owned();
            let origin = self.origin(&PATH);
            let help = "give `--fixed-schedule` to follow them, or `--no-fixed-schedule` to say so";
            self.problems
                .push(Problem::warning(message, origin.as_ref()).help(help));
        }
        self.check_enough(&dataset);
        Some((Arc::new(dataset), sampling))
    }

    /// Prompts that repeat are found in the server's cache.
    fn check_enough(&mut self, dataset: &Dataset) {
        let load = &self.config.load;
        let wanted = load.request_count.unwrap_or_default() + load.warmup_request_count;
        let there = dataset.turns();
        if wanted > there {
            let message = format!("{there} prompts for {wanted} requests: they are sent again");
            let origin = self.origin(&["prompts", "input_file"]);
            let help =
                "the server may have them in its cache: send fewer requests, or give more prompts";
            self.problems
                .push(Problem::warning(message, origin.as_ref()).help(help));
        }
    }

    fn tokenizer(&mut self) -> Option<Arc<Tokenizer>> {
        let path = self.config.prompts.tokenizer.as_ref()?;
        match Tokenizer::load(path) {
            Ok(tokenizer) => Some(Arc::new(tokenizer)),
            Err(what) => {
                self.wrong(&["prompts", "tokenizer"], &what, None);
                None
            }
        }
    }

    fn images(&mut self) -> Option<ImagePlan> {
        let prompts = &self.config.prompts;
        let (wide, high) = (
            prompts.image_width_mean > 0.0,
            prompts.image_height_mean > 0.0,
        );
        let mut written = "image_source";
        let source = match (&prompts.image_source, wide, high) {
            (Some(path), ..) => {
                let path: &Path = path;
                match image_urls(path) {
                    Ok(urls) => ImageSource::Given(urls),
                    Err(what) => {
                        self.wrong(&["prompts", written], &what, None);
                        return None;
                    }
                }
            }
            (None, true, true) => {
                written = "image_width_mean";
                let count = |mean, stddev| TokenCount { mean, stddev };
                ImageSource::Noise {
                    width: count(prompts.image_width_mean, prompts.image_width_stddev),
                    height: count(prompts.image_height_mean, prompts.image_height_stddev),
                }
            }
            (None, false, false) => return None,
            (None, wide, _) => {
                let (one, other) = if wide {
                    ("image_width_mean", "image_height_mean")
                } else {
                    ("image_height_mean", "image_width_mean")
                };
                let help = format!("give `{other}` too");
                self.wrong(&["prompts", one], "alone makes no image", Some(help));
                return None;
            }
        };
        let kind = self.config.endpoint.kind;
        if !kind.takes_images() {
            let what = format!("is of no use for the type `{}`", kind.as_str());
            let help = "images go with `chat`, `responses`, `messages` and `template`".to_owned();
            self.wrong(&["prompts", written], &what, Some(help));
        }
        Some(ImagePlan {
            per_request: prompts.image_batch_size,
            pool: prompts.image_pool_size,
            source,
        })
    }

    /// There is one system prompt, of APIs that have such.
    fn check_system(&mut self) {
        let (prompts, kind) = (&self.config.prompts, self.config.endpoint.kind);
        if prompts.system_prompt.is_none() {
            return;
        }
        let path = ["prompts", "system_prompt"];
        if prompts.shared_system_prompt_length > 0 {
            let help = "leave `shared_system_prompt_length` out: it makes one up".to_owned();
            return self.wrong(&path, "is a system prompt already", Some(help));
        }
        if !kind.generates() || kind == EndpointKind::Raw {
            let what = format!("is of no use for the type `{}`", kind.as_str());
            self.wrong(&path, &what, Some("leave it out".to_owned()));
        }
    }

    /// A number without a length, or the other way round, asks for nothing.
    fn check_prefixes(&mut self) {
        let prompts = &self.config.prompts;
        let (count, length) = (prompts.num_prefix_prompts, prompts.prefix_prompt_length);
        let (written, missing) = match (count, length) {
            (1.., 0) => ("num_prefix_prompts", "prefix_prompt_length"),
            (0, 1..) => ("prefix_prompt_length", "num_prefix_prompts"),
            _ => return,
        };
        let help = format!("give `{missing}` too");
        self.wrong(&["prompts", written], "alone asks for nothing", Some(help));
    }
}

fn format_of(written: DatasetType) -> DatasetFormat {
    match written {
        DatasetType::SingleTurn => DatasetFormat::SingleTurn,
        DatasetType::MultiTurn => DatasetFormat::MultiTurn,
        DatasetType::Text => DatasetFormat::Text,
        DatasetType::Csv => DatasetFormat::Csv,
        DatasetType::Sharegpt => DatasetFormat::ShareGpt,
        DatasetType::MooncakeTrace => DatasetFormat::MooncakeTrace,
        DatasetType::RawPayload => DatasetFormat::RawPayload,
    }
}
