import NIOHTTP1

extension HeaderList {
    init(_ headers: HTTPHeaders) {
        self.init()
        for (name, value) in headers { add(name, value) }
    }

    var nio: HTTPHeaders { HTTPHeaders(map { ($0.name, $0.value) }) }
}
