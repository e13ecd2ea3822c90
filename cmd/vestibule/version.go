package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

type versionCmd struct{}

// Help implements kong.HelpProvider.
func (versionCmd) Help() string {
	return `Example:

    vestibule version --json`
}

// Run implements the command.
func (c *versionCmd) Run(t *terminal) error {
	view := struct {
		Version  string `json:"version"`
		Revision string `json:"revision,omitempty"`
		Go       string `json:"go"`
	}{"unknown", "", runtime.Version()}
	if build, ok := debug.ReadBuildInfo(); ok {
		view.Version = build.Main.Version
		for _, setting := range build.Settings {
			if setting.Key == "vcs.revision" {
				view.Revision = setting.Value
			}
		}
	}
	return t.show(view, func(w io.Writer) { fmt.Fprintln(w, "vestibule", view.Version, view.Revision, view.Go) })
}
