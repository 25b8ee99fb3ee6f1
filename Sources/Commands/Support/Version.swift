/// The release that these sources are: what `nanoclaw --version` says, and what a new program tells an upgrade.
enum Version {
    static let current = "0.1.0"
}
