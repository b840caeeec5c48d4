using System.Runtime.InteropServices;

namespace Troupe.Verification.Explorer;

/// <summary>
/// The happens-before order of the steps so far, by vector clocks, and for each location the steps that a later access
/// could race with. Program order, conflicting accesses, a store before its flush, a flush before the fence that waits for it.
/// </summary>
internal sealed class HappensBefore
{
    private readonly Clock[] _clocks = new Clock[Clock.Processes];
    private readonly Dictionary<nint, Location> _locations = [];
    private readonly Stack<Location> _unused = new();
    private readonly List<(int Process, Clock Clock)> _steps = [];

    public void Reset()
    {
        Array.Clear(_clocks);
        _steps.Clear();
        foreach (var location in _locations.Values) _unused.Push(location);
        _locations.Clear();
    }

    public ref readonly Clock ClockOf(int process) => ref _clocks[process];

    /// <summary>Records that a process takes its pending step.</summary>
    public void Execute(int process, PendingOperation operation, StoreBuffer buffer)
    {
        var clock = After(process, operation, buffer);
        var step = _steps.Count;
        clock[process] = step + 1;
        _clocks[process] = clock;
        _steps.Add((process, clock));
        foreach (var address in operation.Addresses)
        {
            var location = At(address);
            if (operation.Writes)
            {
                location.Clear();
                location.Written = clock;
                location.LastWrite = step;
            }
            else
            {
                location.Read.Join(clock);
                location.LastReads[process] = step;
            }
        }
    }

    /// <summary>
    /// Collects the steps that conflict with the pending operation of a process and are ordered before it by nothing else.
    /// (Steps that only enable it, a store its flush and a flush a fence, cannot be turned round and are no races.)
    /// </summary>
    public void FindRaces(int process, PendingOperation operation, StoreBuffer buffer, List<int> races)
    {
        races.Clear();
        var before = Before(process, operation, buffer);
        foreach (var address in operation.Addresses)
        {
            if (!_locations.TryGetValue(address, out var location)) continue;
            AddRace(location.LastWrite, process, before, races);
            if (!operation.Writes) continue;
            foreach (var read in location.LastReads) AddRace(read, process, before, races);
        }
    }

    /// <summary>
    /// The processes that can begin the other order of a race: of the steps since that do not happen after
    /// <paramref name="race"/>, followed by the pending one of <paramref name="process"/>, those that nothing among these happens before
    /// (the initials of Abdulla et al., "Optimal dynamic partial order reduction", POPL 2014).
    /// </summary>
    public uint Initials(int race, int process, PendingOperation operation, StoreBuffer buffer)
    {
        Span<int> first = stackalloc int[Clock.Processes];
        first.Fill(int.MaxValue);
        var initials = 0u;
        var racing = _steps[race].Process;
        for (var step = race + 1; step < _steps.Count; step++)
        {
            var (other, clock) = _steps[step];
            if (clock[racing] > race) continue;
            if (first[other] != int.MaxValue) continue;
            if (IsFirst(clock, other, first)) initials |= 1u << other;
            first[other] = step;
        }

        if (first[process] == int.MaxValue && IsFirst(After(process, operation, buffer), process, first)) initials |= 1u << process;
        return initials;
    }

    private static bool IsFirst(in Clock clock, int process, ReadOnlySpan<int> first)
    {
        for (var other = 0; other < Clock.Processes; other++)
        {
            if (other != process && clock[other] > first[other]) return false;
        }

        return true;
    }

    /// <summary>What is ordered before the next step of a process whatever it conflicts with.</summary>
    private Clock Before(int process, PendingOperation operation, StoreBuffer buffer)
    {
        var clock = _clocks[process];
        if (operation.Kind == OperationKind.Flush) clock.Join(buffer.Oldest.Pushed);
        else if (operation.NeedsEmptyBuffer) clock.Join(_clocks[process + Scenario.MaximumThreads]);
        return clock;
    }

    /// <summary>What happens before the next step of a process if it is taken now.</summary>
    private Clock After(int process, PendingOperation operation, StoreBuffer buffer)
    {
        var clock = Before(process, operation, buffer);
        foreach (var address in operation.Addresses)
        {
            if (!_locations.TryGetValue(address, out var location)) continue;
            clock.Join(location.Written);
            if (operation.Writes) clock.Join(location.Read);
        }

        return clock;
    }

    private void AddRace(int step, int process, in Clock before, List<int> races)
    {
        if (step >= 0 && _steps[step].Process != process && before[_steps[step].Process] <= step) races.Add(step);
    }

    private Location At(nint address)
    {
        ref var location = ref CollectionsMarshal.GetValueRefOrAddDefault(_locations, address, out var known);
        if (!known)
        {
            location = _unused.TryPop(out var old) ? old : new Location();
            location.Clear();
        }

        return location!;
    }

    private sealed class Location
    {
        /// <summary>Clock of the last write.</summary>
        public Clock Written;

        /// <summary>Join of the clocks of the reads since.</summary>
        public Clock Read;

        public int LastWrite;

        public int[] LastReads { get; } = new int[Clock.Processes];

        public void Clear()
        {
            Written = default;
            Read = default;
            LastWrite = -1;
            Array.Fill(LastReads, -1);
        }
    }
}
