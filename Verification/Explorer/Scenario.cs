using System.Runtime.CompilerServices;

namespace Troupe.Verification.Explorer;

/// <summary>
/// One test, built anew for every schedule: fresh state, the threads that share it, and what must hold at the end.
/// </summary>
public sealed class Scenario
{
    /// <summary>The most threads a scenario can have.</summary>
    public const int MaximumThreads = 8;

    private readonly Dictionary<nint, string> _names = [];

    internal Scenario()
    {
    }

    internal List<(string Name, Action Body)> Threads { get; } = [];

    internal Action? Check { get; private set; }

    internal Func<string>? OutcomeOf { get; private set; }

    /// <summary>Adds a thread. Code before its first access of shared memory runs at the start of every schedule.</summary>
    public void Thread(string name, Action body)
    {
        if (Threads.Count == MaximumThreads) throw new InvalidOperationException($"more than {MaximumThreads} threads");
        Threads.Add((name, body));
    }

    /// <summary>What must hold when every thread has finished and every store is visible.</summary>
    public void Finally(Action check) => Check += check;

    /// <summary>What to count schedules by (<see cref="ExplorationResult.Outcomes"/>): the registers of a litmus test.</summary>
    public void Outcome(Func<string> outcome) => OutcomeOf = outcome;

    /// <summary>Names a location in step lists. Names are for reading only.</summary>
    public unsafe void Name<T>(ref T location, string name) => _names[(nint)Unsafe.AsPointer(ref location)] = name;

    internal string? NameOf(nint address) => _names.GetValueOrDefault(address);
}
