import Core
import FoundationEssentials

@testable import Egress

/// The head of a request to a model server: read beside the key, written by whoever has taken over a runner.
///
/// A path stays below its base; a field passes only by name, and there is one key, which is the host's.
struct RequestHeads {
    private static let key = "the-key"
    private let openAI: ModelUpstream
    private let anthropic: ModelUpstream

    init() throws {
        openAI = ModelUpstream(kind: .openai, baseURL: try BaseURL("http://h/v1", kind: .openai), key: Self.key)
        anthropic = ModelUpstream(kind: .anthropic, baseURL: try BaseURL("http://h", kind: .anthropic), key: Self.key)
    }

    // MARK: - Paths

    static func path(_ target: String) {
        guard let path = read(target) else {
            return require(!isHarmless(target), "a plain path is taken: \(target)")
        }
        // By bytes: as characters two texts may be one.
        let said = Array("/model/\(path.profile)\(path.rest)".utf8)
        require(said == Array(target.utf8), "what goes on is what came: \(target)")
        require(!path.profile.isEmpty && !path.profile.contains("/"), "a profile is one segment: \(target)")
        guard let url = URLComponents(string: "http://h:1/v1" + path.rest) else {
            violated("it makes an address: \(target)")
        }
        require(url.scheme == "http" && url.host == "h" && url.port == 1, "the server stays the same: \(target)")
        require(url.user == nil && url.password == nil && url.fragment == nil, "nothing else is said: \(target)")
        let segments = url.percentEncodedPath.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        require(segments.first == "v1", "it lies below the base: \(target)")
        require(!segments.contains { ["", ".", ".."].contains($0) }, "and leads nowhere else: \(target)")
        require(url.percentEncodedPath == url.path, "nothing is hidden in it: \(target)")
    }

    private static func read(_ target: String) -> ModelPath? {
        #if PLANTED
        // A reader that takes two slashes for one.
        return ModelPath(target.replacing("//", with: "/"))
        #else
        return ModelPath(target)
        #endif
    }

    /// Small letters between single slashes, which none may refuse.
    private static func isHarmless(_ target: String) -> Bool {
        let parts = target.utf8.split(separator: 0x2F, omittingEmptySubsequences: false)
        let isPlain = parts.dropFirst().allSatisfy { !$0.isEmpty && $0.allSatisfy { (0x61...0x7A).contains($0) } }
        return target.utf8.count <= 1000 && parts.count >= 4 && parts[0].isEmpty && isPlain
            && target.hasPrefix("/model/")
    }

    // MARK: - Fields

    /// Fields as lines, up and down; their names are tokens (RFC 9110 §5.6.2), as the parser before lets no others through.
    func fields(isOpenAI: Bool, _ text: String) {
        let given: [HeaderRules.Field] = text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let isToken = parts[0].utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0)
            }
            return isToken && parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        up(given, isOpenAI)
        let down = HeaderRules.response(given)
        for field in down {
            let others = ["set-cookie", "location", "connection", "transfer-encoding", "authorization", "x-api-key"]
            require(!others.contains(field.name.lowercased()), "nothing comes back that leads away: \(field)")
        }
        require(Self.isPart(down, of: given), "what comes back was there, in its order")
        require(down.count == HeaderRules.response(down).count, "what has passed passes again")
    }

    private func up(_ given: [HeaderRules.Field], _ isOpenAI: Bool) {
        let passed = HeaderRules.request(given, to: isOpenAI ? openAI : anthropic)
        let allowed = [
            "accept", "content-type", "user-agent", "anthropic-version", "anthropic-beta", "openai-beta",
        ]
        let (name, value) = isOpenAI ? ("authorization", "Bearer \(Self.key)") : ("x-api-key", Self.key)
        let keys = passed.filter { !allowed.contains($0.name.lowercased()) }
        require(
            keys.count == 1 && keys[0].name == name && keys[0].value == value,
            "there is one key, the host's: \(keys)"
        )
        let others = passed.filter { allowed.contains($0.name.lowercased()) }
        let isVersioned = given.contains { $0.name.lowercased() == "anthropic-version" }
        let own = isOpenAI || isVersioned ? others : Array(others.dropLast())
        require(Self.isPart(own, of: given), "what goes out was said, in its order: \(own)")
        let wanted = given.filter { allowed.contains($0.name.lowercased()) }
        require(own.count == wanted.count, "what may pass passes: \(wanted)")
    }

    /// Whether the fields stand in the others, in the same order.
    private static func isPart(_ fields: [HeaderRules.Field], of others: [HeaderRules.Field]) -> Bool {
        var rest = others[...]
        for field in fields {
            guard let place = rest.firstIndex(where: { $0 == field }) else { return false }
            rest = rest[(place + 1)...]
        }
        return true
    }
}
