// Package postgres runs a throwaway PostgreSQL cluster for tests.
//
// The recommended path is one cluster per test process, shared by its tests,
// and a fresh database for each of them:
//
//	func TestSomething(t *testing.T) {
//		url := postgres.Shared(t).Database(t)
//		…
//	}
//
// Where every test begins with the same schema, migrate once and copy:
//
//	template, err := cluster.Template(func(url string) error { return migrate(url) })
//	url := cluster.Clone(t, template)
//
// The server listens on a Unix socket in a folder that only its owner may
// enter, and on no network address. It ends with the test process, however
// that ends: a shell waits at the other end of a pipe, stops the server and
// removes the folder.
//
// It is not a way to run PostgreSQL for anything one wants to keep.
package postgres
