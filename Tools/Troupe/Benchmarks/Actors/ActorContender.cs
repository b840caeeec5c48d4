using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks.Actors;

/// <summary>Who takes part in <c>bench actors</c>: a program that measures the rows it is asked for.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Program">The program.</param>
/// <param name="Arguments">Its arguments.</param>
public sealed record ActorContender(string Name, string Program, IReadOnlyList<string> Arguments)
{
    /// <summary>What our own is called.</summary>
    public const string Ours = "Troupe";

    /// <summary>What the contender of the Savina benchmarks is called.</summary>
    public const string Akka = "Akka.NET";

    private const string Project = "tests/Actors.Benchmarks/Troupe.Actors.Benchmarks.csproj";
    private const string ErlangModule = "troupe_bench";

    /// <summary>Builds them; Erlang's is there if Erlang is, and how it would be is said if it is not.</summary>
    /// <param name="repository">The clone.</param>
    /// <param name="part">The part of the usual work.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<IReadOnlyList<ActorContender>> BuildAsync(Repository repository, double part, CancellationToken cancellation)
    {
        var program = await BuildProgramAsync(repository, cancellation).ConfigureAwait(false);
        var amount = part.ToString("0.0####", CultureInfo.InvariantCulture);
        ActorContender Managed(string name, string word) => new(name, "dotnet", [program, word, amount]);
        List<ActorContender> all = [Managed(Ours, "troupe"), Managed(Akka, "akka"), Managed("Proto.Actor", "proto"), Managed("Channels", "channels")];
        if (await ErlangAsync(repository, amount, cancellation).ConfigureAwait(false) is { } erlang)
        {
            all.Add(erlang);
        }

        return all;
    }

    /// <summary>Builds the program with all contenders that are .NET's; returns its assembly.</summary>
    public static async Task<string> BuildProgramAsync(Repository repository, CancellationToken cancellation)
    {
        string[] build = ["build", Path.Combine(repository.Root, Project), "-c", "Release", "--nologo", "-v", "quiet"];
        var result = await Output.StepAsync(
            "building the contenders", () => HostProcess.CaptureAsync("dotnet", build, cancellation, repository.Root)).ConfigureAwait(false);
        return result.ExitCode == 0
            ? Path.Combine(repository.Artifacts, "bin", "Troupe.Actors.Benchmarks", "release", "Troupe.Actors.Benchmarks.dll")
            : throw new UserError($"the contenders do not build:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
    }

    private static async Task<ActorContender?> ErlangAsync(Repository repository, string part, CancellationToken cancellation)
    {
        if (HostProcess.Find("erl") is null || HostProcess.Find("erlc") is null)
        {
            Output.Say("Erlang is not here and does not take part; to have it: apt-get install erlang-base");
            return null;
        }

        var directory = Path.Combine(repository.Artifacts, "bench", "erlang");
        Directory.CreateDirectory(directory);
        var source = Path.Combine(repository.Root, "tests", "Actors.Benchmarks", "Erlang", ErlangModule + ".erl");
        var result = await HostProcess.CaptureAsync("erlc", ["-o", directory, source], cancellation).ConfigureAwait(false);
        return result.ExitCode == 0
            ? new ActorContender("Erlang", "erl", ["-noshell", "-pa", directory, "-s", ErlangModule, "main", part])
            : throw new UserError($"Erlang's contender does not compile:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
    }
}
