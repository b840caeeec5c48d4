using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks.Actors;

/// <summary>A contender that runs on certain processors and measures one row after the other. While it is not asked it does nothing.</summary>
public sealed class ContenderProcess : IDisposable
{
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(2);

    private readonly Process _process;

    private ContenderProcess(ActorContender contender, Process process)
    {
        Contender = contender;
        _process = process;
    }

    /// <summary>Who it is.</summary>
    public ActorContender Contender { get; }

    /// <summary>Starts it; it sees these processors alone.</summary>
    /// <param name="contender">Who.</param>
    /// <param name="processors">As taskset(1) has them: 0,1.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<ContenderProcess> StartAsync(ActorContender contender, string processors, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(HostProcess.Find("taskset") ?? throw new UserError("taskset is missing.", "apt-get install util-linux", ExitCodes.Broken))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var argument in (string[])["-c", processors, HostProcess.Find(contender.Program) ?? contender.Program, .. contender.Arguments])
        {
            start.ArgumentList.Add(argument);
        }

        // The settings of the project, which are the same for all of them, and not those of whoever calls.
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToList())
        {
            start.Environment.Remove(name);
        }

        // Compiled anew as soon as a method has been called often enough: by default the runtime waits for a pause, and a benchmark has none.
        start.Environment["DOTNET_TC_CallCountingDelayMs"] = "0";

        var contending = new ContenderProcess(contender, Process.Start(start)!);
        var greeting = await contending.ReadAsync(cancellation).ConfigureAwait(false);
        return greeting == "ready" ? contending : throw Failure(contender, $"began with '{greeting}'");
    }

    /// <summary>Measures a row once; null: it has no such row.</summary>
    public async Task<double?> MeasureAsync(ActorRow row, CancellationToken cancellation)
    {
        await _process.StandardInput.WriteLineAsync(row.Name.AsMemory(), cancellation).ConfigureAwait(false);
        await _process.StandardInput.FlushAsync(cancellation).ConfigureAwait(false);
        var answer = await ReadAsync(cancellation).ConfigureAwait(false);
        return answer.Split(' ', 2) switch
        {
            ["ok", var value] => double.Parse(value, CultureInfo.InvariantCulture),
            ["unsupported"] => null,
            _ => throw Failure(Contender, $"could not measure {row.Name}: {answer}"),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("DOTNET_", StringComparison.Ordinal) && name.Length > 7 && (name.StartsWith("DOTNET_gc", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("DOTNET_Tiered", StringComparison.OrdinalIgnoreCase) || name.StartsWith("DOTNET_TC_", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("DOTNET_ReadyToRun", StringComparison.OrdinalIgnoreCase));

    private static UserError Failure(ActorContender contender, string what) => new($"{contender.Name} {what}.", exitCode: ExitCodes.Failure);

    private async Task<string> ReadAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_longest);
        try
        {
            return await _process.StandardOutput.ReadLineAsync(limit.Token).ConfigureAwait(false) ?? throw Failure(Contender, "ended without an answer");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Failure(Contender, $"gave no answer in {_longest.TotalMinutes:0} minutes");
        }
    }
}
