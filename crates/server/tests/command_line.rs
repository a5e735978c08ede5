//! What the program says to a person: help, versions, wrong arguments, wrong settings.

#![allow(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod support;

use support::{Program, Server};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_names_every_command_and_the_first_step() {
    let output = Program::new(&["--help"]).output();
    let help = text(&output.stdout);
    assert!(output.status.success());
    for word in ["serve", "check-config", "scrub", "sluice serve ./data"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    let serve = text(&Program::new(&["serve", "--help"]).output().stdout);
    for flag in [
        "--listen",
        "--admin-listen",
        "--config",
        "--store",
        "--log-level",
        "--log-format",
        "--shutdown-timeout",
    ] {
        assert!(serve.contains(flag), "{flag}");
    }
}

#[test]
fn the_version_is_one_line() {
    let output = Program::new(&["--version"]).output();
    assert_eq!(text(&output.stdout), format!("sluice {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_argument_is_told_with_the_right_one() {
    let output = Program::new(&["serve", "--lisen", "127.0.0.1:1"]).output();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--listen"));
}

#[test]
fn a_wrong_setting_is_told_by_its_path_and_ends_with_2() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("sluice.toml");
    for (content, said) in [
        ("[server]\nlisen = \"127.0.0.1:9000\"", "server.lisen"),
        ("[server]\nidle_timeout = \"soon\"", "server.idle_timeout"),
        ("[server]\nadmin_listen = \"0.0.0.0:9001\"", "admin_listen"),
        ("[store.far]\nkind = \"ftp\"", "store.far.kind"),
        ("[bucket.photos]\nlayers = [ { kind = \"cache\" } ]", "layers"),
        ("[bucket.photos]\nowner = \"nobody\"", "bucket.photos.owner"),
    ] {
        std::fs::write(&config, content).unwrap();
        for command in ["check-config", "serve"] {
            let output =
                Program::new(&[command, "--config", config.to_str().unwrap()]).dir(dir.path()).output();
            let stderr = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{command} {content}: {stderr}");
            assert!(stderr.starts_with("error: ") && stderr.contains(said), "{content}: {stderr}");
        }
    }
}

#[test]
fn half_a_root_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let output =
        Program::new(&["serve", "data"]).dir(dir.path()).env("SLUICE_ACCESS_KEY", "only-half").output();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("SLUICE_SECRET_KEY"));
}

#[test]
fn check_config_says_what_would_run_and_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("sluice.toml");
    std::fs::write(
        &config,
        "[server]\nlisten = \"127.0.0.1:7777\"\n[store.near]\nkind = \"local\"\npath = \"near\"\n\
         [[access_key]]\nid = \"ada-key\"\nsecret = \"swordfish-swordfish\"\nname = \"ada\"\npolicy = \"readonly\"\n\
         [bucket.photos]\nstore = \"near\"\nowner = \"ada\"\n[bucket.\"*\"]\nstore = \"near\"\n",
    )
    .unwrap();
    let output =
        Program::new(&["check-config", "--config", config.to_str().unwrap()]).dir(dir.path()).output();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for word in ["127.0.0.1:7777", "near", "photos", "ada"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("swordfish"), "a secret is shown: {said}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "something was made");
}

/// A directory with a configuration of which no server runs.
fn unserved(settings: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let listeners = "[server]\nlisten = \"127.0.0.1:1\"\nadmin_listen = \"127.0.0.1:2\"\n";
    std::fs::write(dir.path().join("sluice.toml"), format!("{listeners}{settings}")).unwrap();
    dir
}

/// Whether a command succeeds in a directory with a configuration, and what it says.
fn run(dir: &tempfile::TempDir, command: &[&str]) -> (bool, String) {
    let output = Program::new(&[command, &["--config", "sluice.toml"]].concat()).dir(dir.path()).output();
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_command_needs_no_server_where_a_file_says_what_it_is_about() {
    let dir = unserved("[store.near]\nkind = \"local\"\npath = \"near\"\n");
    let (is_done, said) = run(&dir, &["cache", "stats"]);
    assert!(is_done, "{said}");
}

#[test]
fn a_command_needs_a_server_where_it_touches_what_is_in_memory() {
    let dir = unserved(
        "[store.ram]\nkind = \"memory\"\n\
         [store.left]\nkind = \"local\"\npath = \"left\"\n[store.right]\nkind = \"local\"\npath = \"right\"\n\
         [store.both]\nkind = \"mirror\"\ntargets = [\"left\", \"right\"]\n\
         [store.half]\nkind = \"mirror\"\ntargets = [{ store = \"ram\", prefix = \"x/\" }, { store = \"left\", prefix = \"x/\" }]\n\
         [bucket.\"*\"]\nstore = \"ram\"\n[bucket.kept]\nstore = \"both\"\n[bucket.lost]\nstore = \"half\"\n",
    );
    let mirror = [["mirror", "status", "both"], ["mirror", "repair", "both"], ["mirror", "verify", "both"]];
    for command in mirror {
        let (is_done, said) = run(&dir, &command);
        assert!(
            !is_done && said.contains("sluice-data, where mirrors keep what they know"),
            "{command:?}: {said}"
        );
        assert!(!dir.path().join("sluice-data").exists(), "{command:?} made a journal");
    }
    std::fs::create_dir(dir.path().join("sluice-data")).unwrap();
    for command in mirror {
        let (is_done, said) = run(&dir, &command);
        assert!(is_done, "{command:?}: {said}");
    }
    let (_, said) = run(&dir, &["crypt", "rewrap", "kept"]);
    assert!(said.contains("is not encrypted"), "{said}");
    for command in [
        &["mirror", "status"][..],
        &["mirror", "repair", "half"],
        &["crypt", "rewrap", "lost"],
        &["crypt", "rewrap", "other"],
        &["crypt", "rewrap", "--all"],
    ] {
        let (is_done, said) = run(&dir, command);
        assert!(!is_done && said.contains("store \"ram\" is in the memory"), "{command:?}: {said}");
    }
}

#[test]
fn a_server_is_found_by_a_hosts_name() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path());
    let data = dir.path().join("data");
    for scheme in ["", "http://"] {
        let admin = format!("{scheme}localhost:{}", server.admin.port());
        let words = ["cache", "stats", "--admin", &admin, "--data", data.to_str().unwrap()];
        let output = Program::new(&words).dir(dir.path()).output();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let nowhere = ["cache", "stats", "--admin", "nowhere", "--data", data.to_str().unwrap()];
    let output = Program::new(&nowhere).dir(dir.path()).output();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("\"nowhere\" is not an address"), "{}", text(&output.stderr));
}
