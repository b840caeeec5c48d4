using System.CommandLine;
using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe verify fuzz</c>: parsers and device-controlled memory, with inputs that are changed where that reaches new code.</summary>
internal static class VerifyFuzzCommand
{
    private const int DefaultMinutes = 10;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var targets = new Option<string[]>("--target") { Description = "What to fuzz, by name; may be given more than once. All of them share the time otherwise.", HelpName = "NAME" };
        var minutes = new Option<double>("--minutes") { Description = "How long to go on, for all targets together.", HelpName = "N", DefaultValueFactory = _ => DefaultMinutes };
        minutes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 100_000))
            {
                result.AddError("--minutes must be more than 0, and at most 100,000.");
            }
        });
        var executions = new Option<long>("--executions") { Description = "The most inputs of each target; with the same --seed, and --leave-corpus, they are the same every time.", HelpName = "N", DefaultValueFactory = _ => long.MaxValue };
        executions.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long>() < 1)
            {
                result.AddError("--executions must be at least 1.");
            }
        });
        var seed = new Option<int?>("--seed") { Description = "What the changes are drawn from; a new one every time otherwise.", HelpName = "S" };
        var leaves = new Option<bool>("--leave-corpus") { Description = "Neither add to the corpus nor take out of it." };
        var replay = new Option<string?>("--replay") { Description = "Run this input alone against the target: exit code 0 if it passes now.", HelpName = "FILE" };
        var list = new Option<bool>("--list") { Description = "Print the targets' names." };
        var command = new Command("fuzz", "Fuzz parsers and device-controlled memory: change inputs, and keep what reaches new code in Verification/Fuzzing/Corpus.") { targets, minutes, executions, seed, leaves, replay, list };
        command.SetAction((result, cancellation) =>
        {
            var names = result.GetValue(targets) ?? [];
            if (result.GetValue(list))
            {
                return RunAsync(["list"], cancellation);
            }

            if (result.GetValue(replay) is { } file)
            {
                return names.Length == 1 ? RunAsync(["replay", names[0], Existing(file)], cancellation) : throw new UserError("--replay wants one --target.", "A run prints the command that runs a finding again: --target NAME --replay FILE.");
            }

            var seconds = result.GetValue(minutes) * 60;
            return FuzzAsync(seconds, result.GetValue(executions), result.GetValue(seed) ?? Random.Shared.Next(), result.GetValue(leaves), names, cancellation);
        });
        return command;
    }

    private static string Existing(string file) => File.Exists(file) ? Path.GetFullPath(file) : throw new UserError($"there is no file '{file}'.", "A run keeps what it finds in artifacts/verify/fuzz/findings/TARGET.");

    private static async Task<int> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        var repository = Repository.Locate();
        return await HostProcess.RunAsync("dotnet", [await BuildAsync(repository, cancellation).ConfigureAwait(false), .. arguments], cancellation, repository.Root).ConfigureAwait(false);
    }

    // The program makes an instrumented copy of itself, and that is what runs: what is built otherwise is not touched.
    private static async Task<int> FuzzAsync(double seconds, long executions, int seed, bool leavesCorpus, string[] targets, CancellationToken cancellation)
    {
        var repository = Repository.Locate();
        var program = await BuildAsync(repository, cancellation).ConfigureAwait(false);
        var folder = Path.Combine(repository.Artifacts, "verify", "fuzz");
        var copy = Path.Combine(folder, "instrumented");
        var prepared = await HostProcess.RunAsync("dotnet", [program, "prepare", copy, .. targets], cancellation, repository.Root).ConfigureAwait(false);
        return prepared != 0
            ? prepared
            : await HostProcess.RunAsync(
                "dotnet",
                [
                    Path.Combine(copy, Path.GetFileName(program)), "run", Path.Combine(repository.Root, "Verification", "Fuzzing", "Corpus"), leavesCorpus ? "leave" : "keep", Path.Combine(folder, "findings"),
                    seconds.ToString(CultureInfo.InvariantCulture), executions.ToString(CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture), .. targets,
                ],
                cancellation,
                repository.Root).ConfigureAwait(false);
    }

    private static Task<string> BuildAsync(Repository repository, CancellationToken cancellation) =>
        new HostedBuild(repository).EnsureAsync(new App("Fuzzing", Path.Combine(repository.Root, "Verification", "Fuzzing", "Troupe.Verification.Fuzzing.csproj")), cancellation);
}
