using System.Runtime.CompilerServices;

namespace Troupe.Verification.Explorer;

/// <summary>How wide a location is.</summary>
internal enum Width
{
    Int32,
    Int64,
    Reference,
}

/// <summary>A value of any width the seam has.</summary>
internal readonly record struct Value(Width Width, long Bits, object? Reference)
{
    public static Value Of(int value) => new(Width.Int32, value, null);

    public static Value Of(long value) => new(Width.Int64, value, null);

    public static Value Of(object? value) => new(Width.Reference, 0, value);

    public bool Same(in Value other) => Bits == other.Bits && ReferenceEquals(Reference, other.Reference);

    public static unsafe Value Read(nint address, Width width) => width switch
    {
        Width.Int32 => Of(*(int*)address),
        Width.Int64 => Of(*(long*)address),
        _ => Of(Unsafe.AsRef<object?>((void*)address)),
    };

    public unsafe void Write(nint address)
    {
        switch (Width)
        {
            case Width.Int32: *(int*)address = (int)Bits; break;
            case Width.Int64: *(long*)address = Bits; break;
            default: Unsafe.AsRef<object?>((void*)address) = Reference; break;
        }
    }

    public override string ToString() => Width == Width.Reference ? Reference?.GetType().Name ?? "null" : Bits.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>One thread's stores that nobody else sees yet, oldest first.</summary>
internal sealed class StoreBuffer
{
    private readonly List<Entry> _entries = [];
    private readonly List<(nint Address, Value Hidden)> _hidden = [];

    public int Count => _entries.Count;

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>The flush of the oldest entry, as an operation.</summary>
    public PendingOperation Flush { get; } = new();

    public Entry Oldest => _entries[0];

    public void Clear()
    {
        _entries.Clear();
        _hidden.Clear();
        Flush.Set(OperationKind.Finished);
    }

    /// <summary>The owner, which is running, stores.</summary>
    public void Push(in Entry entry)
    {
        Append(entry);
        Cover(entry);
    }

    /// <summary>
    /// The owner goes on running: real memory shows what it sees, because code reads its own stores back by plain loads too.
    /// </summary>
    public void Show()
    {
        foreach (var entry in _entries) Cover(entry);
    }

    /// <summary>
    /// The owner stands still: real memory shows again what everybody sees. A plain store that the owner made over a
    /// store of its own that waits goes to the end of the buffer.
    /// </summary>
    public void Hide(in Clock now)
    {
        for (var i = _hidden.Count - 1; i >= 0; i--)
        {
            var (address, hidden) = _hidden[i];
            var seen = Value.Read(address, hidden.Width);
            if (!seen.Same(Read(address, hidden.Width))) Append(new Entry(address, seen, now));
            hidden.Write(address);
        }

        _hidden.Clear();
    }

    private void Append(in Entry entry)
    {
        _entries.Add(entry);
        if (_entries.Count == 1) Flush.Set(OperationKind.Flush, entry.Address);
    }

    private void Cover(in Entry entry)
    {
        foreach (var (address, _) in _hidden)
        {
            if (address != entry.Address) continue;
            entry.Value.Write(address);
            return;
        }

        _hidden.Add((entry.Address, Value.Read(entry.Address, entry.Value.Width)));
        entry.Value.Write(entry.Address);
    }

    public Entry Pop()
    {
        var entry = _entries[0];
        _entries.RemoveAt(0);
        if (IsEmpty) Flush.Set(OperationKind.Finished);
        else Flush.Set(OperationKind.Flush, _entries[0].Address);
        return entry;
    }

    /// <summary>What the owner sees at an address: its newest buffered store, else memory.</summary>
    public Value Read(nint address, Width width)
    {
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].Address == address) return _entries[i].Value;
        }

        return Value.Read(address, width);
    }

    /// <summary>A store that waits; <paramref name="Pushed"/> is the clock of its thread when it was made.</summary>
    internal readonly record struct Entry(nint Address, Value Value, Clock Pushed);
}
