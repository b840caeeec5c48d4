using System.Diagnostics;
using System.Globalization;

namespace Troupe.Verification.Explorer;

/// <summary>How a schedule ended.</summary>
internal enum ScheduleEnd
{
    /// <summary>Everybody finished, or something failed.</summary>
    Complete,

    /// <summary>The rest is covered by other schedules.</summary>
    Redundant,
}

/// <summary>
/// Runs one schedule: real threads that hand each other a baton. Whoever holds it decides who goes on, so that going on
/// oneself costs no switch.
/// </summary>
internal sealed class ModelMachine : IDisposable
{
    /// <summary>A loop over an array of words fills no pages.</summary>
    private const int FoldedAfter = 4;

    /// <summary>How the note of a store ends that only its own thread sees yet.</summary>
    internal const string Buffered = "(buffered)";

    private readonly ScheduleSearch _search;
    private readonly int _maximumSteps;
    private readonly List<ExploredThread> _pool = [];
    private readonly SemaphoreSlim _over = new(0);
    private readonly Dictionary<nint, string> _locationNames = [];
    private Scenario _scenario = new();
    private ((ExploredThread? Thread, string What, string Where) Key, int Repeated) _lastNote;
    private int _started;
    private bool _redundant;
    private volatile bool _aborting;
    private volatile bool _disposed;

    public ModelMachine(ScheduleSearch search, ExplorerOptions options)
    {
        _search = search;
        _maximumSteps = options.MaximumSteps;
        Model = options.Model;
        Views = Model == MemoryModel.ReleaseAcquire ? new ViewMemory() : null;
    }

    public MemoryModel Model { get; }

    /// <summary>The memory under release/acquire; null under other models.</summary>
    public ViewMemory? Views { get; }

    /// <summary>Steps of the schedule in words, if somebody wants them.</summary>
    public List<ExploredStep>? Trace { get; init; }

    /// <summary>What the steps accessed, if <see cref="Trace"/> is kept.</summary>
    public List<DecidingOrder.Access> Accesses { get; } = [];

    /// <summary>What went wrong in the last schedule.</summary>
    public (FailureKind Kind, string Message)? Failure { get; private set; }

    private int ThreadCount => _scenario.Threads.Count;

    public ScheduleEnd RunSchedule(Action<Scenario> build, IDictionary<string, long> outcomes)
    {
        _scenario = new Scenario();
        _locationNames.Clear();
        _started = 0;
        _redundant = false;
        _aborting = false;
        Failure = null;
        Views?.Reset();
        Trace?.Clear();
        Accesses.Clear();
        _lastNote = default;
        build(_scenario);
        if (ThreadCount == 0) throw new ExplorationException("a scenario without threads");
        while (_pool.Count < ThreadCount) StartThread();
        for (var i = 0; i < ThreadCount; i++) _pool[i].Begin(_scenario.Threads[i].Name, _scenario.Threads[i].Body);
        _search.BeginSchedule();
        _pool[_started++].Baton.Release();
        _over.Wait();
        Abandon();
        if (_redundant) return ScheduleEnd.Redundant;
        if (Failure is null) Check(outcomes);
        return ScheduleEnd.Complete;
    }

    public void Dispose()
    {
        _disposed = true;
        foreach (var thread in _pool) thread.Baton.Release();
    }

    /// <summary>Stands still before the pending operation until the schedule picks the calling thread.</summary>
    public void Arrive(ExploredThread thread)
    {
        ThrowIfAborting();
        PassBaton(thread);
        ThrowIfAborting();
    }

    public void ThrowIfAborting()
    {
        if (_aborting) throw new ScheduleAbandoned();
    }

    public int Choose(int alternatives) => _search.NextChoice(alternatives);

    public ref readonly Clock ClockOf(int process) => ref _search.Order.ClockOf(process);

    /// <summary>The operation before which a process stands, and the store buffer that concerns it.</summary>
    public PendingOperation? PendingOf(int process, out StoreBuffer buffer)
    {
        var index = process % Scenario.MaximumThreads;
        if (index >= ThreadCount)
        {
            buffer = null!;
            return null;
        }

        buffer = _pool[index].Buffer;
        return process < Scenario.MaximumThreads ? _pool[index].Pending : buffer.Flush;
    }

    public uint EnabledProcesses()
    {
        var enabled = 0u;
        for (var i = 0; i < ThreadCount; i++)
        {
            if (_pool[i].Enabled()) enabled |= 1u << i;
            if (!_pool[i].Buffer.IsEmpty) enabled |= 1u << (i + Scenario.MaximumThreads);
        }

        return enabled;
    }

    /// <summary>Which of a set of processes stand before an operation that does not commute with a process's.</summary>
    public uint ConflictingWith(int process, uint others)
    {
        var conflicting = 0u;
        var operation = PendingOf(process, out _)!;
        for (var other = 0; other < Clock.Processes; other++)
        {
            if ((others & (1u << other)) != 0 && other != process && !PendingOf(other, out _)!.CommutesWith(operation)) conflicting |= 1u << other;
        }

        return conflicting;
    }

    /// <summary>Writes a step down, if somebody wants to read it.</summary>
    public void Note(ExploredThread thread, string what, nint address, string values)
    {
        if (Trace is null) return;
        var place = new StackTrace(1, true).GetFrames().FirstOrDefault(f => f.GetMethod()?.DeclaringType is { } type && type.Assembly != typeof(ModelMachine).Assembly);
        var where = place is null ? ""
            : $"{place.GetMethod()!.DeclaringType!.Name.Split('`')[0]}.{place.GetMethod()!.Name}"
                + (place.GetFileLineNumber() > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({Path.GetFileName(place.GetFileName())}:{place.GetFileLineNumber()})") : "");
        var (key, folded) = ((thread, what, where), _lastNote.Repeated + 1);
        _lastNote = key == _lastNote.Key ? (key, folded) : (key, 0);
        if (_lastNote.Repeated >= FoldedAfter)
        {
            if (_lastNote.Repeated > FoldedAfter) Trace.RemoveAt(Trace.Count - 1);
            Trace.Add(new ExploredStep(-1, thread.Name, "...", "", string.Create(CultureInfo.InvariantCulture, $"{_lastNote.Repeated - FoldedAfter + 1} more like this"), ""));
            return;
        }

        var index = values.EndsWith(Buffered, StringComparison.Ordinal) ? -1 : _search.Depth - 1;
        Trace.Add(new ExploredStep(index, thread.Name, what, address == 0 ? "" : NameOf(address), values, where));
    }

    private string NameOf(nint address)
    {
        if (_locationNames.TryGetValue(address, out var name)) return name;
        name = _scenario.NameOf(address) ?? string.Create(CultureInfo.InvariantCulture, $"location {_locationNames.Count + 1}");
        return _locationNames[address] = name;
    }

    private void StartThread()
    {
        var thread = new ExploredThread(this, _pool.Count);
        _pool.Add(thread);
        new Thread(() => Run(thread)) { IsBackground = true, Name = $"explored {thread.Index}" }.Start();
    }

    private void Run(ExploredThread thread)
    {
        thread.Enter();
        while (true)
        {
            thread.Baton.Wait();
            if (_disposed) return;
            try
            {
                thread.Body!();
            }
            catch (ScheduleAbandoned)
            {
            }
            catch (Exception exception) when (!_aborting)
            {
                Fail(FailureKind.Exception, $"{thread.Name}: {exception.GetType().Name}: {exception.Message}");
            }
            catch (Exception) when (_aborting)
            {
                // A thread that is being abandoned may find its state half done.
            }

            thread.Pending.Set(OperationKind.Finished);
            if (_aborting) _over.Release();
            else PassBaton(thread);
        }
    }

    /// <summary>Gives the baton to whoever is next; comes back when it is the calling thread's turn again, or never if it has finished.</summary>
    private void PassBaton(ExploredThread thread)
    {
        ExploredThread? next;
        thread.Buffer.Hide(ClockOf(thread.Index));
        try
        {
            next = Failure is not null ? null : _started < ThreadCount ? _pool[_started++] : Decide();
        }
        catch (Exception exception)
        {
            Fail(FailureKind.Exception, $"{exception.GetType().Name}: {exception.Message}");
            next = null;
        }

        var finished = thread.Finished;
        if (next != thread)
        {
            if (next is null) _over.Release();
            else next.Baton.Release();
            if (finished) return;
            thread.Baton.Wait();
        }

        if (!_aborting) thread.Buffer.Show();
    }

    /// <summary>Takes steps of store buffers, until the schedule picks a thread.</summary>
    private ExploredThread? Decide()
    {
        while (true)
        {
            var process = _search.NextProcess(this);
            if (process == ScheduleSearch.Covered) _redundant = true;
            if (process == ScheduleSearch.Nobody && _pool.Take(ThreadCount).Any(t => !t.Finished)) FailBlocked();
            if (process < 0) return null;
            if (_search.Depth > _maximumSteps)
            {
                Fail(FailureKind.Livelock, string.Create(CultureInfo.InvariantCulture, $"no end after {_maximumSteps} steps"));
                return null;
            }

            var operation = PendingOf(process, out var buffer)!;
            _search.Order.Execute(process, operation, buffer);
            if (Trace is not null) Accesses.Add(new DecidingOrder.Access(process, _search.Position - 1, [.. operation.Addresses], operation.Writes, ClockOf(process)));
            var thread = _pool[process % Scenario.MaximumThreads];
            if (operation.Kind != OperationKind.Flush) return thread;
            var entry = buffer.Pop();
            entry.Value.Write(entry.Address);
            Trace?.Add(new ExploredStep(_search.Depth - 1, thread.Name, "becomes visible", NameOf(entry.Address), $":= {entry.Value}", ""));
        }
    }

    private void Fail(FailureKind kind, string message) => Failure ??= (kind, message);

    private void FailBlocked()
    {
        var waiting = _pool.Take(ThreadCount).Where(t => !t.Finished)
            .Select(t => $"{t.Name} waits for {(t.Pending.Addresses.Count == 0 ? "nothing anybody can change" : string.Join(", ", t.Pending.Addresses.Select(NameOf)))}");
        Fail(FailureKind.Deadlock, string.Join("; ", waiting));
    }

    /// <summary>Lets threads that stand still in the middle of a schedule unwind, one after the other.</summary>
    private void Abandon()
    {
        _aborting = true;
        for (var i = 0; i < ThreadCount; i++)
        {
            if (_pool[i].Finished) continue;
            _pool[i].Baton.Release();
            _over.Wait();
        }
    }

    private void Check(IDictionary<string, long> outcomes)
    {
        try
        {
            _scenario.Check?.Invoke();
            if (_scenario.OutcomeOf is { } outcomeOf)
            {
                var outcome = outcomeOf();
                outcomes[outcome] = outcomes.TryGetValue(outcome, out var count) ? count + 1 : 1;
            }
        }
        catch (Exception exception)
        {
            Fail(FailureKind.Exception, $"at the end: {exception.GetType().Name}: {exception.Message}");
        }
    }
}

/// <summary>Unwinds a thread whose schedule is over.</summary>
internal sealed class ScheduleAbandoned : Exception;
