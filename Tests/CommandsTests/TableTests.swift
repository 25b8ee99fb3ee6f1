import ControlProtocol
import Core
import Testing

@testable import Commands

@Suite struct `Tables` {
    @Test func `§16.264 rows are a table and no rows say so`() {
        let table = Table("name", "count:N", "tags", "on:ON")
        #expect(table.text([]) == "(no rows)")
        let rows: [JSONValue] = [
            ["name": "a", "count": 12, "tags": ["x", "y"], "on": true],
            ["name": "longer", "count": .null, "tags": [], "on": false],
        ]
        #expect(
            table.text(rows) == """
                NAME    N   TAGS  ON
                ──────  ──  ────  ───
                a       12  x, y  yes
                longer  -   -     no
                """
        )
    }

    @Test func `a record is a field a line, its own order first`() {
        #expect(
            Table.record(["b": "2", "id": "x", "a": ["k": 1]], first: ["id"]) == """
                id  x
                a   k=1
                b   2
                """
        )
    }
}

@Suite struct `Finding the home` {
    @Test(arguments: [
        (["--home", "/x", "status"], ["status", "--home", "/x"]),
        (["--home=/x", "groups", "list", "--json"], ["groups", "list", "--json", "--home=/x"]),
        (
            ["--home", "/x", "sandbox", "exec", "--", "ls", "--home"],
            ["sandbox", "exec", "--home", "/x", "--", "ls", "--home"]
        ),
        (["--home", "/x", "status", "--home", "/y"], ["status", "--home", "/y"]),
        (["status", "--home", "/x"], ["status", "--home", "/x"]),
        (["--home"], ["--home"]),
        ([], []),
    ])
    func `--home may stand before the verb`(given: [String], normal: [String]) {
        #expect(ArgumentOrder.normalized(given) == normal)
    }

    @Test func `the option wins over the variable and that over the checkout`() throws {
        func resolve(_ option: String?, _ variable: String?, _ binary: String?) throws -> String {
            try HomeLocation.resolve(option: option, environment: variable, binary: binary)
        }
        #expect(try resolve("/a/none", "/b/none", nil) == "/a/none")
        #expect(try resolve(nil, "/b/none/", nil) == "/b/none")
        #expect(throws: CommandFailure.self) { try resolve(nil, "", "/usr/bin/nanoclaw") }
        #expect(throws: CommandFailure.self) { try resolve("", "/b", nil) }
    }
}
