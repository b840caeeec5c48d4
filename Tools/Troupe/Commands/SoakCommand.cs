using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Benchmarks;
using Troupe.Tools.Guests;
using Troupe.Tools.Symbols;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary>
/// <c>troupe soak --minutes N</c>: how long interrupts are off, counted in instructions and held against the bar; then the guest
/// self-test's stress, for longer than a test run has time for.
/// </summary>
public static class SoakCommand
{
    /// <summary>Beyond the stress itself: booting and the self-test's ladder.</summary>
    private static readonly TimeSpan _grace = TimeSpan.FromMinutes(5);

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var minutes = new Option<int>("--minutes") { Description = "How long.", HelpName = "N", DefaultValueFactory = _ => 10 };
        minutes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--minutes must be at least 1.");
            }
        });
        var guest = new GuestSymbols();
        var command = new Command("soak", "Count how long interrupts are off, then run the self-test's stress in a guest for N minutes.") { minutes };
        guest.AddTo(command);
        command.SetAction((result, cancellation) => ExecuteAsync(result.GetValue(minutes), guest.Read(result), cancellation));
        return command;
    }

    private static async Task<int> ExecuteAsync(int minutes, Func<string, GuestOptions> guestOptions, CancellationToken cancellation)
    {
        var repository = Repository.Locate();
        await SystemPackages.RequireAsync(SystemPackages.Running, cancellation).ConfigureAwait(false);
        var image = await new ImageBuild(repository).EnsureAsync(repository.FindApp("SelfTest"), force: false, cancellation).ConfigureAwait(false);
        var options = guestOptions(image.Elf);
        using var symbols = new Symbolizer(image.Symbols, repository.Root);
        void Show(string line) => Console.WriteLine(symbols.Annotate(line));
        var quick = await InterruptsOffBenchmark.RunAsync(options, Show, cancellation).ConfigureAwait(false);

        // The words that Apps/SelfTest takes.
        var seconds = (minutes * 60).ToString(CultureInfo.InvariantCulture);
        options = options with { CommandLine = $"{options.CommandLine} stress {seconds}".Trim() };
        var clock = Stopwatch.StartNew();
        using var guest = GuestProcess.Start(options, Show);
        await using var ending = cancellation.Register(guest.Kill);
        GuestExit exit;
        try
        {
            exit = await guest.Exit.WaitAsync(TimeSpan.FromMinutes(minutes) + _grace, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Output.Error($"the guest still runs {_grace.TotalMinutes:0} minutes after its time: it hangs.", "docs/debugging.md shows how to look into it.");
            return ExitCodes.Failure;
        }

        cancellation.ThrowIfCancellationRequested();
        var verdict = exit.Code == 0 ? "held" : $"failed: {exit.Reason ?? $"exit code {exit.Code}"}";
        Output.Say(string.Create(CultureInfo.InvariantCulture, $"soak of {clock.Elapsed.TotalMinutes:0.0} minutes on {options.Processors} processors {verdict}"));
        return exit.ExitCode != 0 ? exit.ExitCode : quick ? 0 : ExitCodes.Failure;
    }
}
