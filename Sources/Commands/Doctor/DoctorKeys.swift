import CentralStore
import ControlProtocol
import Core
import Egress
import GRDB
import Glibc
import LinuxIO

/// The keys of a home: whether others can read them, and whether those are there that something needs.
struct DoctorKeys: Sendable {
    let home: String
    /// Which keys the running host has, by provider: `none` for one that it asks without; nil without a host.
    let known: [String: String]?

    /// What a host says of its keys; nil when none answers.
    static func known(home: String) async -> [String: String]? {
        let rows = try? await HostClient.with(home: home) { try await $0.call("providers list") }.array
        return rows?.reduce(into: [:]) { known, row in
            if let name = row[key: "name"]?.string { known[name] = row[key: "key"]?.string }
        }
    }

    /// Keys that are open to others, and those that are gone: a restored home has none.
    func examine() async -> [Finding] {
        guard CentralStore.exists(home: home), let store = try? CentralStore(readingHome: home) else {
            return exposed()
        }
        let rows = try? await store.read { db in (try Provider.fetchAll(db), try ChannelAccountRow.all(db)) }
        try? store.close()
        // What cannot be read is told of the database.
        guard let (providers, accounts) = rows else { return exposed() }
        return exposed() + providers.compactMap(missing(of:)) + accounts.compactMap(missing(ofAccount:))
    }

    private func exposed() -> [Finding] {
        ["data/credentials", "data/credentials/channels"].flatMap { folder -> [Finding] in
            guard let directory = try? Directory(path: "\(home)/\(folder)"), let names = try? directory.names() else {
                return []
            }
            return names.compactMap { name in
                guard let status = try? directory.status(name), status.st_mode & 0o077 != 0 else { return nil }
                let path = "\(home)/\(folder)/\(name)"
                let mode = status.st_mode & S_IFMT == S_IFDIR ? "700" : "600"
                return Finding(.bad, "key \(name)", "\(path) is open to other users", fix: .close(path, to: mode))
            }
        }
    }

    /// A server of one's own network may want no key; over TLS that is rare enough to be told, and no more than told, as a
    /// host that is down may get its keys from its environment.
    private func missing(of provider: Provider) -> Finding? {
        guard provider.baseURL.lowercased().hasPrefix("https:") else { return nil }
        if let known {
            guard known[provider.name] == "none" else { return nil }
        } else {
            let keys = Credentials(directory: "\(home)/data/credentials")
            do { guard try keys.key(for: provider.name) == nil else { return nil } } catch { return nil }
        }
        return Finding(
            .note,
            "key \(provider.name)",
            "\(provider.baseURL) is asked without a key: data/credentials/\(provider.name) is not there, "
                + "and no \(Credentials.variable(for: provider.name)) in the environment",
            fix: .key(provider.name, home)
        )
    }

    /// An account's file is made with it, so one that is not there was lost.
    private func missing(ofAccount account: ChannelAccountRow) -> Finding? {
        let path = "\(home)/data/credentials/channels/\(account.name)"
        guard access(path, F_OK) != 0, errno == ENOENT else { return nil }
        return Finding(
            .bad,
            "channel \(account.name)",
            "\(path) is not there, so the account cannot be used: add it anew, once the host runs; chats and people stay",
            fix: .account(account.name, of: account.channelType, home)
        )
    }
}
