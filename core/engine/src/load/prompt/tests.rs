use std::collections::HashSet;

use super::*;
use crate::load::dataset::{Dataset, DatasetFormat};

fn made(seed: u64, input_tokens: TokenCount, plan: &PromptPlan) -> PromptSource {
    let output_tokens = TokenCount {
        mean: 100.0,
        stddev: 10.0,
    };
    PromptSource::of(
        seed,
        vec![true, false],
        (input_tokens, Some(output_tokens)),
        plan,
        false,
    )
}

fn source(seed: u64, input: f64, stddev: f64) -> PromptSource {
    made(
        seed,
        TokenCount {
            mean: input,
            stddev,
        },
        &PromptPlan::default(),
    )
}

fn prompt(source: &PromptSource, phase: usize, ordinal: u64) -> String {
    let mut prompt = Prompt::default();
    source.draw(phase, ordinal, &mut prompt);
    prompt.text
}

#[test]
fn a_prompt_has_as_many_words_as_it_says() {
    let source = source(1, 40.0, 15.0);
    let mut prompt = Prompt::default();
    for ordinal in 0..200 {
        let draw = source.draw(0, ordinal, &mut prompt);
        assert_eq!(prompt.text.split(' ').count(), draw.input_tokens as usize);
    }
}

#[test]
fn the_seed_decides_and_the_order_does_not() {
    let (one, two) = (source(1, 30.0, 5.0), source(2, 30.0, 5.0));
    let late = prompt(&one, 1, 500);
    assert_eq!(late, prompt(&one.clone(), 1, 500));
    assert_ne!(late, prompt(&two, 1, 500));
}

#[test]
fn neighbours_differ_in_their_first_word_and_all_differ_in_their_first_four() {
    let source = source(3, 8.0, 0.0);
    let words = |ordinal: u64, phase, n| {
        let prompt = prompt(&source, phase, ordinal);
        prompt
            .split(' ')
            .take(n)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let firsts: HashSet<_> = (0..256)
        .flat_map(|ordinal| [words(ordinal, 0, 1), words(ordinal, 1, 1)])
        .collect();
    assert_eq!(firsts.len(), 512);
    let prefixes: HashSet<_> = (0..5_000)
        .flat_map(|ordinal| [words(ordinal, 0, 4), words(ordinal, 1, 4)])
        .collect();
    assert_eq!(prefixes.len(), 10_000);
}

#[test]
fn lengths_have_the_mean_and_the_spread_that_were_asked_for() {
    let source = source(4, 200.0, 20.0);
    let mut prompt = Prompt::default();
    let lengths: Vec<f64> = (0..4_000)
        .map(|ordinal| source.draw(0, ordinal, &mut prompt).input_tokens.into())
        .collect();
    let n = lengths.len() as f64;
    let mean = lengths.iter().sum::<f64>() / n;
    let variance = lengths
        .iter()
        .map(|length| (length - mean).powi(2))
        .sum::<f64>()
        / n;
    // Four standard errors of the mean; the seed is fixed, so that this cannot flicker.
    assert!((mean - 200.0).abs() < 1.3, "{mean}");
    assert!((variance.sqrt() - 20.0).abs() < 1.0, "{}", variance.sqrt());
}

#[test]
fn a_length_is_at_least_one() {
    let source = source(5, 1.0, 50.0);
    assert!((0..100).all(|ordinal| !prompt(&source, 0, ordinal).is_empty()));
}

#[test]
fn the_description_holds_generator_and_prompts() {
    let source = source(6, 5.0, 0.0);
    let described = source.describe(1, 2);
    assert_eq!(described["generator"]["random_seed"], 6);
    assert_eq!(described["prompts"][1]["prompt"], prompt(&source, 1, 1));
    assert_eq!(described["prompts"].as_array().map(Vec::len), Some(2));
}

fn drawn(source: &PromptSource, ordinal: u64) -> (Draw, Prompt) {
    let mut prompt = Prompt::default();
    let draw = source.draw(0, ordinal, &mut prompt);
    (draw, prompt)
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

const TEN: TokenCount = TokenCount {
    mean: 10.0,
    stddev: 0.0,
};

#[test]
fn requests_share_what_they_are_told_to_and_nothing_else() {
    let plan = PromptPlan {
        shared_system_tokens: 7,
        prefixes: PrefixPlan {
            count: 3,
            tokens: 5,
        },
        ..PromptPlan::default()
    };
    let source = made(8, TEN, &plan);
    let prompts: Vec<_> = (0..60).map(|ordinal| drawn(&source, ordinal)).collect();
    let systems: HashSet<_> = prompts.iter().map(|(_, prompt)| &prompt.system).collect();
    assert_eq!(systems.len(), 1);
    assert_eq!(words(&prompts[0].1.system), 7);
    let part = |from: usize, n: usize| -> HashSet<Vec<&str>> {
        let texts = prompts.iter().map(|(_, prompt)| prompt.text.split(' '));
        texts
            .map(|text| text.skip(from).take(n).collect())
            .collect()
    };
    assert_eq!(part(0, 5).len(), 3, "each of the beginnings comes up");
    assert_eq!(part(5, 4).len(), 60);
    assert!(
        prompts
            .iter()
            .all(|(draw, _)| draw.input_tokens == 7 + 5 + 10)
    );
    let other = made(9, TEN, &plan);
    assert_ne!(drawn(&other, 0).1.system, prompts[0].1.system);
}

#[test]
fn the_texts_of_a_batch_begin_differently_too() {
    let plan = PromptPlan {
        batch_size: 4,
        ..PromptPlan::default()
    };
    let source = made(1, TEN, &plan);
    let mut begins = HashSet::new();
    for ordinal in 0..50 {
        let (draw, prompt) = drawn(&source, ordinal);
        assert_eq!((draw.input_tokens, prompt.more.len()), (40, 3));
        for text in prompt.more.into_iter().chain([prompt.text]) {
            assert_eq!(words(&text), 10);
            begins.insert(text.split(' ').take(4).collect::<String>());
        }
    }
    assert_eq!(begins.len(), 200);
}

#[test]
fn a_ranking_has_a_query_and_passages_of_their_own_lengths() {
    let count = |mean| TokenCount { mean, stddev: 0.0 };
    let rankings = RankingPlan {
        passages: TokenCount {
            mean: 4.0,
            stddev: 2.0,
        },
        passage_tokens: count(6.0),
        query_tokens: count(3.0),
    };
    let plan = PromptPlan {
        rankings,
        ..PromptPlan::default()
    };
    let source = PromptSource::of(1, vec![false], (TEN, None), &plan, true);
    let mut numbers = HashSet::new();
    for ordinal in 0..50 {
        let (draw, prompt) = drawn(&source, ordinal);
        assert_eq!(words(&prompt.text), 3);
        assert!(prompt.more.iter().all(|text| words(text) == 6));
        let total = 3 + 6 * prompt.more.len();
        assert_eq!(draw.input_tokens as usize, total);
        numbers.insert(prompt.more.len());
    }
    assert!(numbers.len() > 3 && !numbers.contains(&0), "{numbers:?}");
}

fn from_file(texts: &[&str], sampling: Sampling) -> PromptSource {
    let turn = |text: &&str| Turn {
        prompt: Prompt {
            text: (*text).to_owned(),
            ..Prompt::default()
        },
        output_tokens: (text.len() > 3).then_some(9),
        ..Turn::default()
    };
    let conversation = |text| Conversation {
        id: None,
        turns: vec![turn(text)],
    };
    let dataset = Dataset {
        path: "prompts.txt".into(),
        format: DatasetFormat::Text,
        conversations: texts.iter().map(conversation).collect(),
    };
    let plan = PromptPlan {
        file: Some((Arc::new(dataset), sampling)),
        ..PromptPlan::default()
    };
    made(5, TEN, &plan)
}

#[test]
fn a_file_is_read_in_its_order_and_warm_up_comes_from_the_end() {
    let source = from_file(&["a", "b", "c"], Sampling::Sequential);
    let texts = |phase| -> Vec<String> {
        (0..4)
            .map(|ordinal| prompt(&source, phase, ordinal))
            .collect()
    };
    // The first of the two phases is warm-up.
    assert_eq!(texts(0), ["c", "b", "a", "c"]);
    assert_eq!(texts(1), ["a", "b", "c", "a"]);
}

#[test]
fn shuffled_files_give_each_prompt_once_and_random_ones_do_not() {
    let names: Vec<String> = (0..50).map(|at| at.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let drawn = |sampling| -> Vec<String> {
        let source = from_file(&names, sampling);
        (0..50).map(|ordinal| prompt(&source, 1, ordinal)).collect()
    };
    let distinct = |texts: &[String]| texts.iter().collect::<HashSet<_>>().len();
    let shuffled = drawn(Sampling::Shuffle);
    assert_eq!(distinct(&shuffled), 50);
    assert_ne!(shuffled, names);
    assert_eq!(shuffled, drawn(Sampling::Shuffle));
    let random = drawn(Sampling::Random);
    assert!((25..45).contains(&distinct(&random)), "{random:?}");
}

#[test]
fn what_a_file_leaves_open_is_the_plan_s() {
    let source = from_file(&["abcd", "abc"], Sampling::Sequential);
    let mut prompt = Prompt::default();
    let draws = [0, 1].map(|ordinal| source.draw(1, ordinal, &mut prompt));
    assert_eq!(draws[0].output_tokens, Some(9));
    assert!(draws[1].output_tokens > Some(9));
    assert_eq!(draws[0].input_tokens, 1, "a fourth of the characters");
}

#[test]
fn blocks_of_one_name_are_one_text() {
    let source = made(5, TEN, &PromptPlan::default());
    let text = |ids: &[u64], tokens, key| {
        let turn = Turn {
            blocks: Some(Blocks {
                ids: ids.into(),
                tokens,
            }),
            ..Turn::default()
        };
        let mut prompt = Prompt::default();
        let draw = source.write(&turn, key, &mut prompt);
        assert_eq!(
            (draw.input_tokens, words(&prompt.text)),
            (tokens, tokens as usize)
        );
        prompt.text
    };
    let (one, other) = (text(&[1, 2], 700, 0), text(&[1, 3], 1024, 1));
    let common = one.split(' ').zip(other.split(' '));
    assert_eq!(common.take_while(|(a, b)| a == b).count(), 512);
    assert_eq!(one, text(&[1, 2], 700, 9));
    assert_ne!(text(&[], 20, 0), text(&[], 20, 1));
}

#[test]
fn images_take_turns() {
    let size = |mean| TokenCount { mean, stddev: 0.0 };
    let images = ImagePlan {
        per_request: 2,
        pool: 3,
        source: ImageSource::Noise {
            width: size(4.0),
            height: size(2.0),
        },
    };
    let plan = PromptPlan {
        images: Some(images),
        ..PromptPlan::default()
    };
    let mut source = made(5, TEN, &plan);
    assert!(
        drawn(&source, 0).1.images.is_empty(),
        "not made before they are needed"
    );
    source.prepare();
    let images: Vec<_> = (0..3)
        .flat_map(|ordinal| drawn(&source, ordinal).1.images)
        .collect();
    assert_eq!(images.len(), 6);
    assert!(
        images
            .iter()
            .all(|url| url.starts_with("data:image/png;base64,"))
    );
    assert_eq!(images.iter().collect::<HashSet<_>>().len(), 3);
    assert_ne!(images[0], images[1]);
}

#[cfg(feature = "tokenizer")]
#[test]
fn with_a_tokenizer_lengths_are_exact() {
    use crate::load::tokenizer::testing::of_words;

    let words: Vec<&str> = include_str!("words.txt").lines().collect();
    let plan = |words: &[&str]| PromptPlan {
        tokenizer: Some(Arc::new(of_words(words))),
        shared_system_tokens: 7,
        ..PromptPlan::default()
    };
    // Words that it takes for several tokens are left out, if enough remain.
    let few = plan(&words[..100]);
    let source = made(3, TEN, &few);
    assert!(source.vocabulary.is_exact);
    let (draw, prompt) = drawn(&source, 5);
    let tokenizer = few.tokenizer.unwrap();
    assert_eq!(draw.input_tokens, 17);
    assert_eq!(
        (
            tokenizer.count(&prompt.text),
            tokenizer.count(&prompt.system)
        ),
        (10, 7)
    );
    // Else the tokens are counted.
    let none = plan(&words[..10]);
    let source = made(3, TEN, &none);
    let (draw, prompt) = drawn(&source, 5);
    let tokenizer = none.tokenizer.unwrap();
    let counted = tokenizer.count(&prompt.text) + tokenizer.count(&prompt.system);
    assert_eq!(draw.input_tokens, counted);
    assert!(counted > 17);
}
