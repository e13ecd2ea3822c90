package admin_test

import (
	"testing"
)

// TestApply_AClientWithoutGrantsIsOff: who takes everything from a client means it.
func TestApply_AClientWithoutGrantsIsOff(t *testing.T) {
	each(t, func(h *house) {
		for range 2 {
			h.apply(`clients: [{id: cms, grants: []}]`, false)
			if c := must(h.db.Client(h.Context(), "cms"))(h); len(c.Grants) != 0 {
				h.Errorf("it may do %v", c.Grants)
			}
		}
		if again := h.apply(`clients: [{id: cms, grants: []}]`, false); len(again.Differences) != 0 {
			h.Errorf("again: %s", lines(again))
		}
		h.apply(`clients: [{id: cms, name: CMS}]`, false)
		if c := must(h.db.Client(h.Context(), "cms"))(h); len(c.Grants) != 0 {
			h.Errorf("after another change it may do %v", c.Grants)
		}
	})
}
