use std::path::Path;
use std::time::Duration;

use super::*;

fn read(name: &str, text: &str) -> Result<Dataset, String> {
    Dataset::read(Path::new(name), text, None).map_err(|error| error.to_string())
}

/// All prompts of all conversations.
fn texts(dataset: &Dataset) -> Vec<Vec<&str>> {
    let conversations = dataset.conversations.iter();
    conversations
        .map(|said| {
            said.turns
                .iter()
                .map(|turn| turn.prompt.text.as_str())
                .collect()
        })
        .collect()
}

fn only(dataset: &Dataset) -> &Turn {
    assert_eq!(dataset.conversations.len(), 1);
    &dataset.conversations[0].turns[0]
}

#[track_caller]
fn wrong(name: &str, text: &str, expected: &str) {
    let error = read(name, text).unwrap_err();
    assert!(error.contains(expected), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn single_turns_are_lines_or_entries_of_a_list() {
    let lines = "{\"text\":\"a\"}\n\n{\"prompt\":\"b\",\"output_length\":7,\"extra\":1}\n";
    let list = "[{\"text\":\"a\"},\n {\"prompt\":\"b\",\"max_tokens\":7}]";
    for (name, text) in [("x.jsonl", lines), ("x.json", list)] {
        let dataset = read(name, text).unwrap();
        assert_eq!(dataset.format, DatasetFormat::SingleTurn);
        assert_eq!(texts(&dataset), [["a"], ["b"]]);
        assert_eq!(dataset.conversations[1].turns[0].output_tokens, Some(7));
    }
}

#[test]
fn a_prompt_has_a_system_a_batch_a_schedule_and_images() {
    let json = r#"{"system":"s","texts":["a","b"],"image":"http://h/i.png","images":["data:image/png;base64,AA=="],
        "timestamp":1500,"delay":250.5}"#;
    let dataset = read("x.jsonl", &json.replace('\n', " ")).unwrap();
    let turn = only(&dataset);
    assert_eq!(
        (turn.prompt.system.as_str(), turn.prompt.text.as_str()),
        ("s", "a")
    );
    assert_eq!(turn.prompt.more, ["b"]);
    assert_eq!(turn.prompt.images.len(), 2);
    assert_eq!(turn.at, Some(Duration::from_millis(1500)));
    assert_eq!(turn.delay, Duration::from_micros(250_500));
}

#[test]
fn rankings_are_written_in_two_ways() {
    let plain = r#"{"query":"q","passages":["a","b"]}"#;
    let named =
        r#"{"texts":[{"name":"query","contents":["q"]},{"name":"passages","contents":["a","b"]}]}"#;
    for json in [plain, named] {
        let dataset = read("x.jsonl", json).unwrap();
        let prompt = &only(&dataset).prompt;
        assert_eq!(
            (prompt.text.as_str(), prompt.more.join("+")),
            ("q", "a+b".to_owned())
        );
    }
}

#[test]
fn conversations_keep_their_turns_and_pauses() {
    let json = r#"{"session_id":"s1","turns":[{"text":"a","delay":9},{"text":"b","delay":100}]}"#;
    let dataset = read("x.jsonl", json).unwrap();
    assert_eq!(dataset.format, DatasetFormat::MultiTurn);
    assert_eq!(dataset.most_turns(), 2);
    let said = &dataset.conversations[0];
    assert_eq!(said.id.as_deref(), Some("s1"));
    let delays: Vec<_> = said
        .turns
        .iter()
        .map(|turn| turn.delay.as_millis())
        .collect();
    assert_eq!(delays, [0, 100], "nothing comes before the first turn");
}

#[test]
fn texts_are_a_prompt_a_line() {
    let dataset = read("x.txt", "one two\r\n\nthree\n").unwrap();
    assert_eq!(dataset.format, DatasetFormat::Text);
    assert_eq!(texts(&dataset), [["one two"], ["three"]]);
}

#[test]
fn csv_has_quotes_columns_in_any_order_and_sessions() {
    let text = "delay,Text,session_id,output_length\n\
                5,\"a, \"\"b\"\"\nc\",s,3\n\
                7,d,s,\n\
                ,e,,\n";
    let dataset = read("x.csv", text).unwrap();
    assert_eq!(texts(&dataset), [vec!["a, \"b\"\nc", "d"], vec!["e"]]);
    let turns = &dataset.conversations[0].turns;
    assert_eq!(
        (turns[0].output_tokens, turns[1].output_tokens),
        (Some(3), None)
    );
    assert_eq!(turns[1].delay, Duration::from_millis(7));
}

#[test]
fn sharegpt_is_asked_again_and_answers_give_the_lengths() {
    let text = r#"[{"id":"x","conversations":[{"from":"system","value":"be"},{"from":"gpt","value":"left over"},
        {"from":"human","value":"hi"},{"from":"gpt","value":"four by four here"},{"from":"human","value":"more"}]},
        {"id":"y","conversations":[]}]"#;
    let dataset = read("x.json", text).unwrap();
    assert_eq!(dataset.format, DatasetFormat::ShareGpt);
    assert_eq!(
        texts(&dataset),
        [["hi", "more"]],
        "a dialogue without a question is none"
    );
    let turns = &dataset.conversations[0].turns;
    assert_eq!(turns[0].prompt.system, "be");
    assert_eq!(
        (turns[0].output_tokens, turns[1].output_tokens),
        (Some(5), None)
    );
}

#[test]
fn traces_have_lengths_blocks_and_sessions() {
    let text = "{\"timestamp\":0,\"input_length\":600,\"output_length\":52,\"hash_ids\":[7,8],\"session_id\":\"s\"}\n\
                {\"input_length\":30,\"session_id\":\"s\",\"delay\":4}\n\
                {\"text_input\":\"given\",\"timestamp\":27000}\n";
    let dataset = read("trace.jsonl", text).unwrap();
    assert_eq!(dataset.format, DatasetFormat::MooncakeTrace);
    let said = &dataset.conversations[0];
    assert_eq!(said.turns.len(), 2);
    let blocks = said.turns[0].blocks.as_ref().unwrap();
    assert_eq!((&*blocks.ids, blocks.tokens), (&[7, 8][..], 600));
    assert_eq!(said.turns[0].output_tokens, Some(52));
    assert_eq!(said.turns[1].delay, Duration::from_millis(4));
    let given = &dataset.conversations[1].turns[0];
    assert_eq!(
        (given.prompt.text.as_str(), given.at),
        ("given", Some(Duration::from_secs(27)))
    );
}

#[test]
fn bodies_are_taken_as_they_are() {
    let text = "{\"messages\": [ ]}\n{\"model\":\"m\",\"messages\":[1]}\n";
    let dataset = read("x.jsonl", text).unwrap();
    assert_eq!(dataset.format, DatasetFormat::RawPayload);
    let conversations = dataset.conversations.iter();
    let bodies: Vec<_> = conversations
        .filter_map(|said| said.turns[0].prompt.body.as_deref())
        .collect();
    assert_eq!(
        bodies,
        ["{\"messages\": [ ]}", "{\"model\":\"m\",\"messages\":[1]}"]
    );
}

#[test]
fn errors_name_file_line_and_what_to_do() {
    wrong(
        "p.jsonl",
        "{\"text\":\"a\"}\n{\"text\":7}\n",
        "`p.jsonl` line 2: invalid type: integer `7`, expected a string",
    );
    wrong(
        "p.jsonl",
        "{\"text\":\"a\"}\n{\"text\":\n",
        "line 2: EOF while parsing",
    );
    wrong(
        "p.json",
        "[\n{\"text\":\"a\"},\n\n{\"txt\":\"b\"}]",
        "line 4: there is no `text`, `texts`, `image` or `query`",
    );
    wrong(
        "p.json",
        "[\n{\"text\":\"a\"},\n{\"text\" 7}]",
        "line 3: expected `:`",
    );
    wrong(
        "p.jsonl",
        "{\"what\":1}",
        "line 1: its form cannot be told; give `--custom-dataset-type`: single-turn",
    );
    wrong(
        "p.jsonl",
        "{\"turns\":[]}",
        "line 1: a conversation has no `turns`",
    );
    wrong(
        "p.jsonl",
        "{\"text\":\"a\",\"delay\":-1}",
        "`delay` must be a number of milliseconds, at least 0, not -1",
    );
    wrong(
        "p.jsonl",
        "{\"text\":\"a\",\"audio\":\"b\"}",
        "audio and video cannot be sent",
    );
    wrong(
        "p.jsonl",
        "{\"text\":\"a\",\"image\":\"no/such.png\"}",
        "the image `no/such.png` cannot be read",
    );
    wrong(
        "p.csv",
        "a,b\n1,2\n",
        "line 1: the header has none of the columns",
    );
    wrong(
        "p.csv",
        "text,delay\na,b\n",
        "line 2: `delay` must be a number, not `b`",
    );
    wrong(
        "p.csv",
        "text,delay\na,1\n\nb\n",
        "line 4: 1 values for 2 columns",
    );
    wrong("p.txt", "\n\n", "there is no prompt in it");
    wrong(
        "p.json",
        "{\"conversations\":[{\"from\":\"elf\",\"value\":\"x\"}]}",
        "`from` is `elf`",
    );
    wrong(
        "t.jsonl",
        "{\"input_length\":1025,\"hash_ids\":[1,2]}",
        "2 `hash_ids` of 512 tokens are too few",
    );
    let gone = Dataset::load(Path::new("/no/such"), None)
        .unwrap_err()
        .to_string();
    assert!(
        gone.starts_with("`/no/such`: it cannot be read: "),
        "{gone}"
    );
}
