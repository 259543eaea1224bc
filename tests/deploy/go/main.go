// Checks files of deploy/ by the libraries that read them: compose's own parser, and Grafana's own types.
//
//	go run . compose FILE | dashboard FILE…
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// checkCompose loads a file with the defaults of its variables, as `docker compose` does.
func checkCompose(file string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithInterpolation(true))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	for name, service := range project.Services {
		_, version, isTagged := strings.Cut(service.Image, ":")
		if !isTagged || version == "latest" {
			return fmt.Errorf("service %s: the image %q has no version", name, service.Image)
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				return fmt.Errorf("service %s: port %s is published beyond this machine", name, port.Published)
			}
		}
		for _, volume := range service.Volumes {
			if volume.Type != "bind" {
				continue
			}
			if _, err := os.Stat(volume.Source); err != nil {
				return fmt.Errorf("service %s: %w", name, err)
			}
		}
	}
	fmt.Printf("%s: %d services\n", file, len(project.Services))
	return nil
}

// checkDashboard refuses fields that Grafana's types do not have, and values against their rules.
func checkDashboard(file string) error {
	bytes, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	// An empty list of errors comes as an error as well.
	var strict dashboard.Dashboard
	var problems cog.BuildErrors
	if err := strict.UnmarshalJSONStrict(bytes); err != nil && (!errors.As(err, &problems) || len(problems) > 0) {
		return fmt.Errorf("%s: %w", file, err)
	}
	// The strict reader leaves panels out that it has read.
	var found dashboard.Dashboard
	if err := json.Unmarshal(bytes, &found); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := found.Validate(); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Printf("%s: %d panels and rows\n", file, len(found.Panels))
	return nil
}

func main() {
	plugins.RegisterDefaultPlugins()
	checks := map[string]func(string) error{"compose": checkCompose, "dashboard": checkDashboard}
	check, isKnown := checks[os.Args[1]]
	if !isKnown {
		panic("compose or dashboard")
	}
	for _, file := range os.Args[2:] {
		if err := check(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
