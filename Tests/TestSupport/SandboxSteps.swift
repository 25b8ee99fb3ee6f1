/// How many steps of a sandbox's set-up there are at least, by the role of the process that does them.
///
/// The steps that each role does in both modes on every machine, counted in `Sources/nanoclaw-sandbox`; with mounts, limits
/// and own ids there are more. Whoever fails or dies at each step and comes to fewer has not come to all.
package enum SandboxSteps {
    package static let least = ["launcher": 15, "init": 60, "runner": 16, "tool": 20]
}
