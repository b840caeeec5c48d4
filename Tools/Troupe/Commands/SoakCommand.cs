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
/// <c>troupe soak --minutes N</c>: how long interrupts are off, counted in instructions and held against the bar; actors that fail under
/// load; then the guest self-test's stress, for longer than a test run has time for.
/// </summary>
public static class SoakCommand
{
    /// <summary>Beyond the stress itself: booting and the self-test's ladder.</summary>
    private static readonly TimeSpan _grace = TimeSpan.FromMinutes(5);

    private const int Failures = 100_000;
    private const int FailureSeed = 1;

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
        var command = new Command("soak", "Count how long interrupts are off, then fail 100,000 actors under load in a guest, then run the self-test's stress for N minutes.") { minutes };
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
        var clock = Stopwatch.StartNew();
        var fire = await RunAsync(options, FormattableString.Invariant($"supervision {Failures} {FailureSeed}"), _grace, Show, cancellation).ConfigureAwait(false);
        if (fire is not { Code: 0 })
        {
            Output.Error($"supervision under fire {(fire is null ? "hangs" : $"failed: {fire.Reason ?? $"exit code {fire.Code}"}")}.");
            return ExitCodes.Failure;
        }

        Output.Say(FormattableString.Invariant($"supervision under fire held: {Failures} failures in {clock.Elapsed.TotalSeconds:0} s"));
        clock.Restart();
        var exit = await RunAsync(options, FormattableString.Invariant($"stress {minutes * 60}"), TimeSpan.FromMinutes(minutes) + _grace, Show, cancellation).ConfigureAwait(false);
        if (exit is null)
        {
            Output.Error($"the guest still runs {_grace.TotalMinutes:0} minutes after its time: it hangs.", "docs/debugging.md shows how to look into it.");
            return ExitCodes.Failure;
        }

        cancellation.ThrowIfCancellationRequested();
        var verdict = exit.Code == 0 ? "held" : $"failed: {exit.Reason ?? $"exit code {exit.Code}"}";
        Output.Say(string.Create(CultureInfo.InvariantCulture, $"soak of {clock.Elapsed.TotalMinutes:0.0} minutes on {options.Processors} processors {verdict}"));
        return exit.ExitCode != 0 ? exit.ExitCode : quick ? 0 : ExitCodes.Failure;
    }
    /// <summary>Null: it had not ended when its time was over.</summary>
    private static async Task<GuestExit?> RunAsync(GuestOptions options, string words, TimeSpan longest, Action<string> show, CancellationToken cancellation)
    {
        using var guest = GuestProcess.Start(options with { CommandLine = $"{options.CommandLine} {words}".Trim() }, show);
        await using var ending = cancellation.Register(guest.Kill);
        try
        {
            return await guest.Exit.WaitAsync(longest, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
