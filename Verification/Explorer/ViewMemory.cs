namespace Troupe.Verification.Explorer;

/// <summary>
/// Release/acquire memory, by views: the strong release/acquire of Lahav, Giannarakis and Vafeiadis ("Taming release-acquire consistency", POPL 2016). A location has the history of its
/// stores in the order in which they were made. A thread has a view: for each location, how much of its history it cannot miss any more. A load may read whatever the view does not rule out; one that acquires takes over
/// the view that a releasing store left beside its value. Full fences, and the updates that are such, exchange views with a global one (as in Kang et al., "A promising semantics for relaxed-memory concurrency", POPL 2017; there
/// are no promises here, so no load reads a store that comes later).
/// </summary>
/// <remarks>What plain code writes past the seam is seen by all at once.</remarks>
internal sealed class ViewMemory
{
    /// <summary>What all full fences have in common, as a location: two of them do not commute.</summary>
    public const nint FenceAddress = 1;

    /// <summary>How far back a load looks at most: as many alternatives as a choice has.</summary>
    private const int MaximumCandidates = 10;

    private readonly Dictionary<nint, History> _histories = [];
    private readonly View[] _views = NewViews();

    // A fence makes the relaxed stores after it release what was seen before it, and the relaxed loads before it acquire.
    private readonly View[] _released = NewViews();
    private readonly View[] _unacquired = NewViews();
    private readonly View _global = new();

    public void Reset()
    {
        _histories.Clear();
        _global.Clear();
        foreach (var view in (View[])[.. _views, .. _released, .. _unacquired]) view.Clear();
    }

    /// <summary>The location is about to be accessed: if this is the first time, its history begins with what is there.</summary>
    public void Touch(nint address, Width width) => At(address, width);

    /// <summary>How many stores of a location a thread may read.</summary>
    public int Candidates(int thread, nint address, Width width)
    {
        var history = At(address, width);
        return Math.Min(MaximumCandidates, history.Stores.Count - Math.Max(history.Floor, _views[thread][history.Number]));
    }

    /// <summary>Reads the newest store but so many.</summary>
    public Value Load(int thread, nint address, int back, bool acquires)
    {
        var history = _histories[address];
        var index = history.Stores.Count - 1 - back;
        var (value, left) = history.Stores[index];
        _views[thread].Raise(history.Number, index);
        (acquires ? _views : _unacquired)[thread].Join(left);
        return value;
    }

    /// <summary>A store has been made.</summary>
    public void Store(int thread, nint address, in Value value, bool releases)
    {
        var history = _histories[address];
        var view = _views[thread];
        view.Raise(history.Number, history.Stores.Count);
        var left = new View();
        left.Join(releases ? view : _released[thread]);
        left.Raise(history.Number, history.Stores.Count);
        history.Stores.Add((value, left));
    }

    public void Fence(int thread)
    {
        _views[thread].Join(_unacquired[thread]);
        _views[thread].Join(_global);
        _global.Join(_views[thread]);
        _released[thread].Join(_views[thread]);
    }

    /// <summary>An update, which reads the newest store and is a full fence; <paramref name="after"/> is null if it does not write.</summary>
    public void Update(int thread, nint address, in Value before, in Value? after)
    {
        Fence(thread);
        if (!_histories.TryGetValue(address, out var history)) history = Begin(address, before);
        if (!history.Stores[^1].Value.Same(before)) SetPlainly(history, before);
        Load(thread, address, back: 0, acquires: true);
        if (after is { } written) Store(thread, address, written, releases: true);
        Fence(thread);
    }

    /// <summary>A thread has waited for locations, or spun: in the end it sees the newest.</summary>
    public void See(int thread, nint address)
    {
        if (_histories.TryGetValue(address, out var history)) Load(thread, address, back: 0, acquires: true);
    }

    private static View[] NewViews() => [.. Enumerable.Range(0, Scenario.MaximumThreads).Select(_ => new View())];

    private History At(nint address, Width width)
    {
        var there = Value.Read(address, width);
        if (!_histories.TryGetValue(address, out var history)) return Begin(address, there);
        if (!history.Stores[^1].Value.Same(there)) SetPlainly(history, there);
        return history;
    }

    private History Begin(nint address, in Value value) => _histories[address] = new History(_histories.Count, value);

    private static void SetPlainly(History history, in Value value)
    {
        history.Floor = history.Stores.Count;
        history.Stores.Add((value, new View()));
    }

    private sealed class History(int number, Value initial)
    {
        public int Number { get; } = number;

        public List<(Value Value, View Left)> Stores { get; } = [(initial, new View())];

        /// <summary>What is older nobody reads.</summary>
        public int Floor { get; set; }
    }

    /// <summary>For each location, by number, the oldest store that may still be read.</summary>
    private sealed class View
    {
        private readonly List<int> _at = [];

        public int this[int location] => location < _at.Count ? _at[location] : 0;

        public void Clear() => _at.Clear();

        public void Raise(int location, int index)
        {
            while (_at.Count <= location) _at.Add(0);
            _at[location] = Math.Max(_at[location], index);
        }

        public void Join(View other)
        {
            for (var location = 0; location < other._at.Count; location++) Raise(location, other._at[location]);
        }
    }
}
