// Package migrations is the schema of both engines: embedded SQL files, one per engine and step, run
// by goose from package storage.
//
// Steps only go up. A step expands the schema; what it makes superfluous is contracted a release
// later, so that the binary before and after a step can both run on it. A test in storage compares the
// two schemas column by column.
//
// A step that has landed is never changed: steps.sha256 lists them, and a test compares.
package migrations
