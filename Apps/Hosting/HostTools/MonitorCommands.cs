using System.Globalization;
using Troupe.Actors;

namespace Troupe.Apps.Hosting.HostTools;

/// <summary>What a host tool can ask of a living system: a line of words in, lines of text out, the last of which says <c>ok</c> or <c>error:</c> and why.</summary>
internal sealed class MonitorCommands(ActorSystem system)
{
    /// <summary>A swap that has not come to its turn by then is withdrawn.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private const string Help =
        "snapshot [CHILDREN]    the tree of actors, at most so many children of each\n"
        + "counts                 actors, failures, restarts, dead letters, late answers\n"
        + "trace start|read|stop  record what every message leads to; the last events, one a line; end it\n"
        + "behaviours             what actors can be swapped to\n"
        + "swap PATH BEHAVIOUR    give an actor another behaviour\n";

    private ActorTracer? _tracer;

    /// <summary>Does what the line says. Whatever goes wrong is the answer.</summary>
    public async ValueTask<string> ExecuteAsync(string line)
    {
        try
        {
            return await AnswerAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) + "ok\n";
        }
        catch (Exception exception) when (exception is ArgumentException or HotSwapException or InvalidOperationException or OperationCanceledException)
        {
            return $"error: {exception.Message.ReplaceLineEndings(" ")}\n";
        }
    }

    private async ValueTask<string> AnswerAsync(string[] words) => words switch
    {
        [] => "",
        ["help"] => Help,
        ["snapshot"] => system.Snapshot().ToString(),
        ["snapshot", var children] when int.TryParse(children, NumberStyles.None, CultureInfo.InvariantCulture, out int most) && most > 0 => system.Snapshot().ToString(most),
        ["counts"] => Counts(),
        ["trace", "start"] => StartTracing(),
        ["trace", "read"] => (_tracer ?? throw new InvalidOperationException("nothing is traced; trace start comes first.")).Read().ToString(),
        ["trace", "stop"] => StopTracing(),
        ["behaviours"] => string.Concat(system.Behaviours.Names.Select(static name => name + "\n")),
        ["swap", var path, var behaviour] => await SwapAsync(path, behaviour),
        _ => throw new ArgumentException($"'{string.Join(' ', words)}' is no command; help lists them."),
    };

    private string Counts() => string.Create(
        CultureInfo.InvariantCulture,
        $"actors {system.ActorCount}\nfailures {system.FailureCount}\nrestarts {system.RestartCount}\ndead letters {system.DeadLetterCount}\nlate answers {system.LateReplyCount}\n");

    private string StartTracing()
    {
        _tracer = system.StartTracing();
        return "";
    }

    private string StopTracing()
    {
        system.StopTracing();
        _tracer = null;
        return "";
    }

    private async ValueTask<string> SwapAsync(string path, string behaviour)
    {
        using CancellationTokenSource withdrawal = new(_patience, system.Time);
        SwapResult result = await system.SwapAsync(path, behaviour, withdrawal.Token);
        return result + "\n";
    }
}
