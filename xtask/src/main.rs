//! `cargo xtask dist [--dev]`: builds the web page into `dist/` with content-hashed names and no inline script.
//! `cargo xtask deid OUT`: builds the de-identification for browsers into a folder, as an ES module and its WebAssembly.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";
/// What the page is made of, below the workspace root.
const SOURCES: [&str; 7] =
    ["frontend", "shared/api", "shared/domain", "xtask", "Cargo.lock", "Cargo.toml", "rust-toolchain.toml"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["dist"] => dist(true),
        ["dist", "--dev"] => dist(false),
        ["deid", out] => deid(Path::new(out)),
        _ => {
            eprintln!("usage: cargo xtask dist [--dev] | deid OUT");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn say(what: &str) {
    println!("[dist] {what}");
}

fn dist(small: bool) -> Result<()> {
    let root = root()?;
    let (frontend, out) = (root.join("frontend"), root.join("dist"));
    let stamp = out.join(if small { ".built" } else { ".built-dev" });
    let newest = SOURCES.iter().map(|source| newest(&root.join(source))).max().flatten();
    if modified(&stamp).is_some_and(|built| newest.is_some_and(|newest| newest < built)) {
        say("the web page is up to date");
        return Ok(());
    }
    wasm_target()?;
    node_modules(&frontend)?;
    let wasm = compile(&root, "adit-web", small)?;
    let work = target_dir()?.join("dist-work");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work)?;
    say("binding to JavaScript");
    Bindgen::new().input_path(&wasm).web(true)?.typescript(false).generate(&work)?;
    let (script, wasm) = (work.join("adit_web.js"), work.join("adit_web_bg.wasm"));
    if small {
        say("shrinking the program (wasm-opt)");
        let optimised = work.join("small.wasm");
        run(Command::new(frontend.join("node_modules/.bin/wasm-opt"))
            .args(["-Oz", "--all-features"])
            .arg(&wasm)
            .arg("-o")
            .arg(&optimised))?;
        fs::rename(&optimised, &wasm)?;
    }
    say("building the style (Tailwind)");
    let style = work.join("style.css");
    run(Command::new(frontend.join("node_modules/.bin/tailwindcss"))
        .current_dir(&frontend)
        .args(["-i", "style.css", "--minify", "-o"])
        .arg(&style))?;
    assemble(&frontend, &out, &script, &wasm, &style)?;
    fs::write(&stamp, b"")?;
    say(&format!("done: {} ({} KiB of program)", out.display(), fs::metadata(&wasm)?.len() / 1024));
    Ok(())
}

/// The module of its own that a Web Worker loads to de-identify files.
fn deid(out: &Path) -> Result<()> {
    let root = root()?;
    wasm_target()?;
    let wasm = compile(&root, "adit-deid-web", true)?;
    fs::create_dir_all(out)?;
    Bindgen::new().input_path(&wasm).web(true)?.typescript(false).generate(out)?;
    say(&format!("done: {} ({} KiB)", out.display(), fs::metadata(out.join("adit_deid_web_bg.wasm"))?.len() / 1024));
    Ok(())
}

fn root() -> Result<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace root")?.to_owned())
}

fn wasm_target() -> Result<()> {
    let installed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    let has = installed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).lines().any(|line| line == TARGET));
    if has {
        return Ok(());
    }
    say("adding the WebAssembly target to the Rust toolchain");
    run(Command::new("rustup").args(["target", "add", TARGET]))
}

fn node_modules(frontend: &Path) -> Result<()> {
    let (lock, stamp) = (frontend.join("package-lock.json"), frontend.join("node_modules/.package-lock.json"));
    if modified(&stamp) >= modified(&lock) && modified(&stamp).is_some() {
        return Ok(());
    }
    say("installing the style tools (npm)");
    run(Command::new("npm").current_dir(frontend).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
}

fn compile(root: &Path, package: &str, small: bool) -> Result<PathBuf> {
    let profile = if small { "wasm-release" } else { "dev" };
    say(&format!("compiling {package} ({profile})"));
    let target = target_dir()?;
    run(Command::new("cargo")
        .current_dir(root)
        .args(["build", "-p", package, "--target", TARGET, "--profile", profile, "--target-dir"])
        .arg(&target))?;
    let folder = if small { "wasm-release" } else { "debug" };
    Ok(target.join(TARGET).join(folder).join(format!("{}.wasm", package.replace('-', "_"))))
}

/// The target directory in force: this program lies in it, in the folder of its profile.
fn target_dir() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.ancestors().nth(2).context("the target directory")?.to_owned())
}

/// Writes hashed copies, the loader and the page.
fn assemble(frontend: &Path, out: &Path, script: &Path, wasm: &Path, style: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(out);
    fs::create_dir_all(out)?;
    let wasm = hashed(out, "adit", "wasm", &fs::read(wasm)?)?;
    let script = hashed(out, "adit", "js", &fs::read(script)?)?;
    let loader =
        format!("import init from './{script}';\ninit({{ module_or_path: new URL('./{wasm}', import.meta.url) }});\n");
    let loader = hashed(out, "start", "js", loader.as_bytes())?;
    let style = hashed(out, "style", "css", &fs::read(style)?)?;
    let theme = hashed(out, "theme", "js", &fs::read(frontend.join("theme.js"))?)?;
    let icon = hashed(out, "icon", "svg", &fs::read(frontend.join("icon.svg"))?)?;
    let mut page = fs::read_to_string(frontend.join("index.html"))?;
    for (name, file) in [
        ("{{style}}", &style),
        ("{{loader}}", &loader),
        ("{{script}}", &script),
        ("{{theme}}", &theme),
        ("{{icon}}", &icon),
    ] {
        ensure!(page.contains(name), "index.html has no place {name}");
        page = page.replace(name, &format!("/{file}"));
    }
    fs::write(out.join("index.html"), page)?;
    Ok(())
}

fn hashed(out: &Path, stem: &str, extension: &str, bytes: &[u8]) -> Result<String> {
    let hash: String = Sha256::digest(bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let name = format!("{stem}-{hash}.{extension}");
    fs::write(out.join(&name), bytes)?;
    Ok(name)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    if !status.success() {
        bail!("{} failed", command.get_program().display());
    }
    Ok(())
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

/// The latest change below a path, leaving installed packages out.
fn newest(path: &Path) -> Option<SystemTime> {
    if !path.is_dir() {
        return modified(path);
    }
    let entries = fs::read_dir(path).ok()?;
    entries
        .flatten()
        .filter(|entry| entry.file_name() != "node_modules")
        .filter_map(|entry| newest(&entry.path()))
        .max()
}
