namespace Troupe.Verification.Explorer;

/// <summary>One thread of a scenario: a real thread that stands still before each access until the schedule picks it.</summary>
internal sealed class ExploredThread
{
    [ThreadStatic]
    private static ExploredThread? _current;

    private readonly ModelMachine _machine;
    private readonly Dictionary<nint, Value> _seen = [];
    private readonly HashSet<nint> _probed = [];
    private bool _probing;

    public ExploredThread(ModelMachine machine, int index)
    {
        _machine = machine;
        Index = index;
    }

    /// <summary>The scenario's thread that the calling thread runs (or whose condition it evaluates).</summary>
    public static ExploredThread? Current => _current;

    public int Index { get; }

    public string Name { get; private set; } = "";

    public Action? Body { get; private set; }

    public PendingOperation Pending { get; } = new();

    public StoreBuffer Buffer { get; } = new();

    public SemaphoreSlim Baton { get; } = new(0);

    public bool Finished => Pending.Kind == OperationKind.Finished;

    public void Begin(string name, Action body)
    {
        Name = name;
        Body = body;
        Pending.Set(OperationKind.Fence);
        Buffer.Clear();
        _seen.Clear();
    }

    public void Enter() => _current = this;

    /// <summary>Whether the pending operation can be done now; for a wait, evaluates the condition as this thread sees memory.</summary>
    public bool Enabled()
    {
        switch (Pending.Kind)
        {
            case OperationKind.Finished: return false;
            case OperationKind.ReadModifyWrite or OperationKind.Fence: return Buffer.IsEmpty;
            case OperationKind.Wait: return Probe(Pending.Condition!);
            default: return true;
        }
    }

    public Value Load(nint address, Width width, bool acquires = true)
    {
        if (_probing)
        {
            _probed.Add(address);
            return Buffer.Read(address, width);
        }

        Pending.Set(OperationKind.Load, address);
        _machine.Arrive(this);
        var back = 0;
        var value = _machine.Views is { } views ? LoadByView(views, address, width, acquires, out back) : Buffer.Read(address, width);
        if (value.Width != width) throw new InvalidOperationException("one location, two widths: the model has no partial stores");
        _seen[address] = value;
        _machine.Note(this, "load", address, back == 0 ? $"= {value}" : $"= {value} (an old store)");
        return value;
    }

    public void Store(nint address, in Value value, bool releases = true)
    {
        RefuseWhileProbing();
        if (_machine.Model != MemoryModel.TotalStoreOrder)
        {
            StoreAtOnce(address, value, releases);
            return;
        }

        _machine.ThrowIfAborting();
        Buffer.Push(new StoreBuffer.Entry(address, value, _machine.ClockOf(Index)));
        _seen[address] = value;
        _machine.Note(this, "store", address, $":= {value} {ModelMachine.Buffered}");
    }

    public void Signal(nint address, in Value value)
    {
        RefuseWhileProbing();
        StoreAtOnce(address, value, releases: false);
    }

    private void StoreAtOnce(nint address, in Value value, bool releases)
    {
        Pending.Set(OperationKind.Store, address);
        _machine.Arrive(this);
        _machine.Views?.Touch(address, value.Width);
        value.Write(address);
        _machine.Views?.Store(Index, address, value, releases);
        _seen[address] = value;
        _machine.Note(this, "store", address, $":= {value}");
    }

    /// <summary>Waits for its turn to read and write a location; the caller then does both.</summary>
    public void BeginUpdate(nint address)
    {
        RefuseWhileProbing();
        Pending.Set(OperationKind.ReadModifyWrite, address, _machine.Views is null ? 0 : ViewMemory.FenceAddress);
        _machine.Arrive(this);
    }

    public void EndUpdate(string name, nint address, in Value before, in Value after)
    {
        _machine.Views?.Update(Index, address, before, before.Same(after) && name == "compare-exchange" ? null : after);
        _seen[address] = after;
        _machine.Note(this, name, address, $"{before} -> {after}");
    }

    public void Fence()
    {
        RefuseWhileProbing();
        if (_machine.Views is null) Pending.Set(OperationKind.Fence);
        else Pending.Set(OperationKind.ViewFence, ViewMemory.FenceAddress);
        _machine.Arrive(this);
        _machine.Views?.Fence(Index);
        _machine.Note(this, "fence", 0, "");
    }

    public void Wait(Func<bool> condition)
    {
        RefuseWhileProbing();
        Pending.SetWait(condition);
        _machine.Arrive(this);
        if (_machine.Views is { } views)
        {
            foreach (var address in Pending.Addresses) views.See(Index, address);
        }

        _machine.Note(this, "wait is over", 0, "");
    }

    public void Pause()
    {
        if (_seen.Count == 0) return;
        var seen = new Dictionary<nint, Value>(_seen);
        _seen.Clear();
        Wait(() =>
        {
            var changed = false;
            foreach (var (address, value) in seen) changed |= !Load(address, value.Width).Same(value);
            return changed;
        });
    }

    public int Choose(int alternatives)
    {
        RefuseWhileProbing();
        _machine.ThrowIfAborting();
        var choice = _machine.Choose(alternatives);
        _machine.Note(this, "choice", 0, $"{choice} of 0..{alternatives - 1}");
        return choice;
    }

    /// <summary>Which of the stores that may be read is read, is for the search to try.</summary>
    private Value LoadByView(ViewMemory views, nint address, Width width, bool acquires, out int back)
    {
        var candidates = views.Candidates(Index, address, width);
        back = candidates > 1 ? _machine.Choose(candidates) : 0;
        return views.Load(Index, address, back, acquires);
    }

    private bool Probe(Func<bool> condition)
    {
        var caller = _current;
        _current = this;
        _probing = true;
        _probed.Clear();
        try
        {
            return condition();
        }
        finally
        {
            Pending.DependOn(_probed);
            _probing = false;
            _current = caller;
        }
    }

    private void RefuseWhileProbing()
    {
        if (_probing) throw new InvalidOperationException("a condition may read shared memory, not write it or wait");
    }
}
