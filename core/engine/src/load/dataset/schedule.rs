//! The times of a trace become moments of a run.

use std::sync::Arc;
use std::time::Duration;

use super::Dataset;
use crate::load::conversation::{Conversation, Turn};

/// Which part of a trace is sent, and how fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replay {
    /// What was asked earlier is left out; moments count from here. `None`: from 0.
    pub from: Option<Duration>,
    /// What was asked later is left out.
    pub until: Option<Duration>,
    /// Without `from`, moments count from the first request.
    pub auto_offset: bool,
    /// How many times as fast as it was recorded.
    pub speedup: f64,
}

impl Dataset {
    /// What is asked, in the order of time and alone, and when that is after the start of a phase.
    ///
    /// # Errors
    /// Why it cannot be replayed: a request has no time or hangs on the answer to another, or none lies
    /// in the part that is asked for.
    pub fn scheduled(&self, replay: Replay) -> Result<(Self, Arc<[Duration]>), &'static str> {
        let mut timed = Vec::new();
        for said in &self.conversations {
            for (n, turn) in said.turns.iter().enumerate() {
                // Blocks are all of a prompt, what was said before included.
                if n > 0 && turn.blocks.is_none() {
                    return Err("has conversations of several turns, which are not sent yet");
                }
                let at = turn.at.ok_or("has requests without a `timestamp`")?;
                let is_later = replay.from.is_none_or(|from| at >= from);
                if is_later && replay.until.is_none_or(|until| at <= until) {
                    timed.push((at, alone(said, turn)));
                }
            }
        }
        timed.sort_by_key(|(at, _)| *at);
        let first = timed.first().ok_or("has no request in that time")?.0;
        let auto = replay.auto_offset.then_some(first);
        let offset = replay.from.or(auto).unwrap_or_default();
        let moment = |(at, _): &(Duration, _)| {
            let since = at.saturating_sub(offset).as_secs_f64() / replay.speedup;
            // What never comes is sent last.
            Duration::try_from_secs_f64(since).unwrap_or(Duration::MAX)
        };
        let moments = timed.iter().map(moment).collect();
        let dataset = Self {
            path: self.path.clone(),
            format: self.format,
            conversations: timed.into_iter().map(|(_, said)| said).collect(),
        };
        Ok((dataset, moments))
    }
}

fn alone(said: &Conversation, turn: &Turn) -> Conversation {
    Conversation {
        id: said.id.clone(),
        turns: vec![turn.clone()],
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::load::DatasetFormat;

    const ALL: Replay = Replay {
        from: None,
        until: None,
        auto_offset: false,
        speedup: 1.0,
    };

    fn trace(times: &[u32]) -> Dataset {
        let line = |at| format!("{{\"timestamp\": {at}, \"input_length\": {}}}\n", at + 1);
        let text: String = times.iter().map(line).collect();
        let format = Some(DatasetFormat::MooncakeTrace);
        Dataset::read(Path::new("t.jsonl"), &text, format).unwrap()
    }

    fn moments(replay: Replay) -> (Vec<u32>, Vec<u128>) {
        let (dataset, moments) = trace(&[40, 10, 30, 20]).scheduled(replay).unwrap();
        let turns = dataset.conversations.iter().map(|said| &said.turns[0]);
        let lengths = turns.map(|turn| turn.blocks.as_ref().unwrap().tokens);
        let moments = moments.iter().map(Duration::as_millis);
        (lengths.collect(), moments.collect())
    }

    #[test]
    fn requests_are_sent_in_the_order_of_time() {
        let lengths = vec![11, 21, 31, 41];
        assert_eq!(moments(ALL), (lengths.clone(), vec![10, 20, 30, 40]));
        let fast = Replay {
            auto_offset: true,
            speedup: 2.0,
            ..ALL
        };
        assert_eq!(moments(fast), (lengths, vec![0, 5, 10, 15]));
    }

    #[test]
    fn a_part_begins_at_its_offset() {
        let part = Replay {
            from: Some(Duration::from_millis(15)),
            until: Some(Duration::from_millis(30)),
            ..ALL
        };
        assert_eq!(moments(part), (vec![21, 31], vec![5, 15]));
        let none = Replay {
            from: Some(Duration::from_secs(1)),
            ..ALL
        };
        let what = trace(&[1]).scheduled(none).unwrap_err();
        assert_eq!(what, "has no request in that time");
    }

    #[test]
    fn a_request_without_a_time_is_refused() {
        let text = "{\"input_length\": 3}";
        let dataset = Dataset::read(Path::new("t.jsonl"), text, None).unwrap();
        let what = dataset.scheduled(ALL).unwrap_err();
        assert_eq!(what, "has requests without a `timestamp`");
    }
}
