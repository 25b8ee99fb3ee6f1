/// A disk as the steps of a record leave it, that knows what is durable and what is not.
///
/// What is not synchronised may reach the disk in any order, in part, or not at all: data by the sync of its file, a
/// name by the sync of its directory. A sync of a file says nothing of its name.
package struct PowerCutDisk: Sendable {
    /// A file or a directory, whatever its names are.
    package typealias Node = Int

    /// A change that a power cut may lose.
    package enum Change: Sendable {
        case write(Node, offset: Int, bytes: ArraySlice<UInt8>)
        case truncate(Node, Int)
        /// A name for a node; `from` is the name that it loses by this.
        case link(String, Node, from: String?)
        case unlink(String)
    }

    /// What stands on the disk.
    package struct Content: Sendable {
        /// The node of each path.
        package var names: [String: Node] = [:]
        /// The bytes of each file.
        package var data: [Node: [UInt8]] = [:]

        mutating func apply(_ change: Change) {
            switch change {
            case .write(let node, let offset, let bytes):
                var content = data[node] ?? []
                let end = offset + bytes.count
                if content.count < end { content += [UInt8](repeating: 0, count: end - content.count) }
                content.replaceSubrange(offset..<end, with: bytes)
                data[node] = content
            case .truncate(let node, let size):
                var content = data[node] ?? []
                if content.count > size { content.removeLast(content.count - size) }
                content += [UInt8](repeating: 0, count: size - content.count)
                data[node] = content
            case .link(let name, let node, let old):
                if let old {
                    names[old] = nil
                    for (path, child) in names where path.hasPrefix(old + "/") {
                        names[path] = nil
                        names[name + path.dropFirst(old.count)] = child
                    }
                }
                names[name] = node
            case .unlink(let name): names[name] = nil
            }
        }
    }

    /// A state that a power cut may leave.
    package struct Outcome: Sendable {
        /// Which of the pending changes it holds, by their places.
        package var name: String
        /// What stands on the disk then.
        package var content: Content
    }

    /// What is surely there after a power cut.
    package private(set) var durable = Content()
    /// What may be there or not, oldest first.
    package private(set) var pending: [Change] = []
    /// Which nodes are directories.
    package private(set) var directories: Set<Node> = []
    /// What the running system sees.
    private var names: [String: Node] = [:]
    private var nextNode = 0

    /// An empty disk.
    package init() {}

    private mutating func node(_ path: String) -> Node {
        if let node = names[path] { return node }
        nextNode += 1
        record(.link(path, nextNode, from: nil))
        return nextNode
    }

    private mutating func record(_ change: Change) {
        pending.append(change)
        var view = Content(names: names)
        switch change {
        case .link, .unlink: view.apply(change)
        case .write, .truncate: break
        }
        names = view.names
    }

    /// Does one step.
    package mutating func perform(_ step: DiskRecord.Step) {
        switch step.operation {
        case .write(let offset, let bytes): record(.write(node(step.path), offset: offset, bytes: bytes))
        case .truncate(let size): record(.truncate(node(step.path), size))
        case .makeDirectory: directories.insert(node(step.path))
        case .unlink: record(.unlink(step.path))
        case .rename(let new): record(.link(new, node(step.path), from: step.path))
        case .sync:
            let file = node(step.path)
            settle {
                switch $0 {
                case .write(let node, _, _), .truncate(let node, _): node == file
                case .link, .unlink: false
                }
            }
        case .syncDirectory:
            settle {
                switch $0 {
                case .link(let path, _, _), .unlink(let path): Self.parent(path) == step.path
                case .write, .truncate: false
                }
            }
        }
    }

    private mutating func settle(_ isSettled: (Change) -> Bool) {
        for change in pending where isSettled(change) { durable.apply(change) }
        pending.removeAll(where: isSettled)
    }

    private static func parent(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// The states that a power cut at this point may leave: nothing of what is pending, all of it, each single change
    /// missing, each alone, and each write torn with the rest done and with the rest missing.
    package func outcomes() -> [Outcome] {
        var outcomes: [Outcome] = []
        func add(_ name: String, _ changes: some Sequence<Change>) {
            var content = durable
            for change in changes { content.apply(change) }
            outcomes.append(Outcome(name: name, content: content))
        }
        add("none", [])
        guard !pending.isEmpty else { return outcomes }
        add("all", pending)
        // Where nothing is ever synchronised, what is old is pending too: the newest tell enough.
        for index in pending.indices.suffix(24) {
            add("without \(index)", pending.enumerated().filter { $0.offset != index }.map(\.element))
            add("only \(index)", [pending[index]])
            add("up to \(index)", pending[...index])
            guard case .write(let node, let offset, let bytes) = pending[index], bytes.count > 512 else { continue }
            let half = bytes.count / 1024 * 512
            for (side, part) in [
                ("head", Change.write(node, offset: offset, bytes: bytes.prefix(half))),
                ("tail", .write(node, offset: offset + half, bytes: bytes.dropFirst(half))),
            ] {
                var torn = pending
                torn[index] = part
                add("\(side) of \(index)", torn)
                add("\(side) of \(index), nothing after", torn[...index])
            }
        }
        return outcomes
    }
}
