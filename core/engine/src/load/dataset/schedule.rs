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
    /// Whether every conversation says when it began.
    pub fn has_times(&self) -> bool {
        let first = |said: &Conversation| said.turns.first().is_some_and(|turn| turn.at.is_some());
        self.conversations.iter().all(first)
    }

    /// The same requests, each alone.
    #[must_use]
    pub fn apart(&self) -> Self {
        let turns = self.conversations.iter().flat_map(|said| &said.turns);
        let alone = |turn: &Turn| Conversation {
            id: None,
            turns: vec![Turn {
                delay: Duration::ZERO,
                ..turn.clone()
            }],
        };
        Self {
            path: self.path.clone(),
            format: self.format,
            conversations: turns.map(alone).collect(),
        }
    }

    /// The conversations that begin in the part that is asked for, in the order of time, and when that is
    /// after the start of a phase. Times of their further turns are such moments too, and pauses shorter.
    ///
    /// # Errors
    /// Why it cannot be replayed: a conversation has no time, or none begins in that part.
    pub fn scheduled(&self, replay: Replay) -> Result<(Self, Arc<[Duration]>), &'static str> {
        let mut timed = Vec::new();
        for said in &self.conversations {
            let first = said.turns.first().and_then(|turn| turn.at);
            let at = first.ok_or("has requests without a `timestamp`")?;
            let is_later = replay.from.is_none_or(|from| at >= from);
            if is_later && replay.until.is_none_or(|until| at <= until) {
                timed.push((at, said));
            }
        }
        timed.sort_by_key(|(at, _)| *at);
        let first = timed.first().ok_or("has no request in that time")?.0;
        let auto = replay.auto_offset.then_some(first);
        let offset = replay.from.or(auto).unwrap_or_default();
        let moment = |at: Duration| replay.compress(at.saturating_sub(offset));
        let turn = |turn: &Turn| Turn {
            at: turn.at.map(moment),
            delay: replay.compress(turn.delay),
            ..turn.clone()
        };
        let is_in = |turn: &&Turn| turn.at <= replay.until || replay.until.is_none();
        let conversation = |said: &Conversation| Conversation {
            id: said.id.clone(),
            turns: said.turns.iter().filter(is_in).map(turn).collect(),
        };
        let moments = timed.iter().map(|(at, _)| moment(*at)).collect();
        let dataset = Self {
            path: self.path.clone(),
            format: self.format,
            conversations: timed.iter().map(|(_, said)| conversation(said)).collect(),
        };
        Ok((dataset, moments))
    }
}

impl Replay {
    fn compress(&self, time: Duration) -> Duration {
        // What never comes is sent last.
        Duration::try_from_secs_f64(time.as_secs_f64() / self.speedup).unwrap_or(Duration::MAX)
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
    fn apart_each_turn_has_a_time_of_its_own() {
        let line = |session, at| {
            format!("{{\"session_id\": \"{session}\", \"timestamp\": {at}, \"input_length\": 9}}\n")
        };
        let text = [line("a", 0), line("b", 5), line("a", 1)].concat();
        let format = Some(DatasetFormat::MooncakeTrace);
        let together = Dataset::read(Path::new("t.jsonl"), &text, format).unwrap();
        assert_eq!(
            (together.conversations.len(), together.has_times()),
            (2, true)
        );
        let (apart, moments) = together.apart().scheduled(ALL).unwrap();
        let moments: Vec<_> = moments.iter().map(Duration::as_millis).collect();
        assert_eq!((moments, apart.most_turns()), (vec![0, 1, 5], 1));
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
    fn turns_of_a_session_go_with_its_first() {
        let text = "\
            {\"session_id\": \"a\", \"timestamp\": 10, \"input_length\": 3}\n\
            {\"session_id\": \"a\", \"timestamp\": 50, \"input_length\": 4}\n\
            {\"session_id\": \"a\", \"delay\": 8, \"input_length\": 5}\n\
            {\"session_id\": \"a\", \"timestamp\": 90, \"input_length\": 6}\n";
        let replay = Replay {
            until: Some(Duration::from_millis(60)),
            auto_offset: true,
            speedup: 2.0,
            ..ALL
        };
        let dataset = Dataset::of_text(text, DatasetFormat::MooncakeTrace);
        let (dataset, moments) = dataset.scheduled(replay).unwrap();
        assert_eq!(*moments, [Duration::ZERO]);
        let turns = dataset.conversations[0].turns.iter();
        let times = turns.map(|turn| (turn.at.map(|at| at.as_millis()), turn.delay.as_millis()));
        let expected = [(Some(0), 0), (Some(20), 0), (None, 4)];
        assert_eq!(times.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_request_without_a_time_is_refused() {
        let text = "{\"input_length\": 3}";
        let dataset = Dataset::read(Path::new("t.jsonl"), text, None).unwrap();
        let what = dataset.scheduled(ALL).unwrap_err();
        assert_eq!(what, "has requests without a `timestamp`");
    }
}
