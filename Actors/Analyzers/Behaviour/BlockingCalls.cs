using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>What of the class library waits for something while it keeps its thread, and what to do instead.</summary>
internal static class BlockingCalls
{
    private const string AwaitIt = "await it";
    /// <summary>What to do instead of a lock.</summary>
    public const string OwnState = "an actor's state needs no lock, since only its own turns touch it";
    private const string AskActor = "let an actor own what is protected, and await its answer";
    private const string UseAsync = "await its asynchronous counterpart";

    private static readonly Dictionary<string, (string[] Members, string Instead)> _members = new(StringComparer.Ordinal)
    {
        ["System.Threading.Tasks.Task"] = (["Wait", "WaitAll", "WaitAny", "Result", "RunSynchronously"], AwaitIt),
        ["System.Threading.Tasks.ValueTask"] = (["Result"], AwaitIt),
        ["System.Runtime.CompilerServices.TaskAwaiter"] = (["GetResult"], AwaitIt),
        ["System.Runtime.CompilerServices.ValueTaskAwaiter"] = (["GetResult"], AwaitIt),
        ["System.Runtime.CompilerServices.ConfiguredTaskAwaitable.ConfiguredTaskAwaiter"] = (["GetResult"], AwaitIt),
        ["System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter"] = (["GetResult"], AwaitIt),
        ["System.Threading.Thread"] = (["Sleep", "Join"], "use Context.Schedule, or await Task.Delay"),
        ["System.Threading.SpinWait"] = (["SpinUntil"], "await a reply or schedule a message"),
        ["System.Threading.Monitor"] = (["Enter", "TryEnter", "Wait"], OwnState),
        ["System.Threading.Lock"] = (["Enter", "EnterScope", "TryEnter"], OwnState),
        ["System.Threading.ReaderWriterLockSlim"] = (["EnterReadLock", "EnterWriteLock", "EnterUpgradeableReadLock"], AskActor),
        ["System.Threading.SemaphoreSlim"] = (["Wait"], "await WaitAsync"),
        ["System.Threading.WaitHandle"] = (["WaitOne", "WaitAll", "WaitAny", "SignalAndWait"], AskActor),
        ["System.Threading.ManualResetEventSlim"] = (["Wait"], AskActor),
        ["System.Threading.CountdownEvent"] = (["Wait"], AskActor),
        ["System.Threading.Barrier"] = (["SignalAndWait"], AskActor),
        ["System.Collections.Concurrent.BlockingCollection"] = (["Add", "Take", "TryAdd", "TryTake", "GetConsumingEnumerable"], "use a mailbox"),
        ["System.Threading.Tasks.Parallel"] = (["For", "ForEach", "Invoke"], "spawn actors and await their answers"),
        ["System.Console"] = (["Read", "ReadLine", "ReadKey"], "let a driver send what was typed"),
        ["System.IO.File"] = (
            ["ReadAllText", "ReadAllBytes", "ReadAllLines", "ReadLines", "WriteAllText", "WriteAllBytes", "WriteAllLines", "AppendAllText", "AppendAllLines", "AppendAllBytes", "Copy"], UseAsync),
        ["System.IO.FileStream"] = (["Read", "ReadByte", "Write", "WriteByte", "CopyTo", "Flush"], UseAsync),
        ["System.IO.RandomAccess"] = (["Read", "Write"], UseAsync),
        ["System.Net.Sockets.Socket"] = (["Accept", "Connect", "Receive", "ReceiveFrom", "Send", "SendTo", "SendFile", "Poll", "Select"], UseAsync),
        ["System.Net.Sockets.NetworkStream"] = (["Read", "ReadByte", "Write", "WriteByte"], UseAsync),
        ["System.Net.Http.HttpClient"] = (["Send"], UseAsync),
        ["System.Net.Dns"] = (["GetHostEntry", "GetHostAddresses"], UseAsync),
        ["System.Diagnostics.Process"] = (["WaitForExit", "WaitForInputIdle"], UseAsync),
    };

    /// <summary>What to do instead of using the member; null: it does not block.</summary>
    public static string? Instead(ISymbol member)
    {
        for (INamedTypeSymbol? type = member.ContainingType; type is not null; type = type.BaseType)
        {
            if (_members.TryGetValue(Name(type), out (string[] Members, string Instead) entry) && entry.Members.Contains(member.Name))
                return entry.Instead;
        }

        return null;
    }

    /// <summary>Whether the member waits for a task, and so does not wait if that has completed.</summary>
    public static bool WaitsForTask(ISymbol member) => Instead(member) == AwaitIt && member.Name is "Wait" or "Result" or "GetResult";

    private static string Name(INamedTypeSymbol type) =>
        type.ContainingType is { } outer ? Name(outer) + "." + type.Name : BesideTurns.TypeName(type);
}
