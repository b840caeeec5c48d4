using System.Runtime.CompilerServices;
using SharpFuzz.Common;

namespace Troupe.Verification.Fuzzing;

/// <summary>
/// How often each edge between two blocks of the instrumented code was taken, as SharpFuzz counts it, and which counts were seen before. Counts are told apart as AFL does:
/// 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, and more. Two edges may share a place; with some thousand edges in 65,536 places few do.
/// </summary>
internal sealed unsafe class EdgeMap
{
    private const int Size = 1 << 16;
    private static readonly byte[] _classes = [.. Enumerable.Range(0, 256).Select(ClassOf)];

    // On the pinned heap: instrumented code adds to it through a pointer.
    private readonly byte[] _hits = GC.AllocateArray<byte>(Size, pinned: true);
    private readonly byte[] _seen = new byte[Size];

    /// <summary>Places that were ever counted in.</summary>
    public int Edges { get; private set; }

    /// <summary>The counts of this run, for code that is not instrumented.</summary>
    public Span<byte> Hits => _hits;

    /// <summary>Makes instrumented code count here. It must be called before any runs: the pointer is null until then.</summary>
    public void Attach() => Trace.SharedMem = (byte*)Unsafe.AsPointer(ref _hits[0]);

    /// <summary>Forgets what was seen.</summary>
    public void Forget()
    {
        Array.Clear(_seen);
        Edges = 0;
    }

    /// <summary>Before an input is run.</summary>
    public void Begin()
    {
        Array.Clear(_hits);
        Trace.PrevLocation = 0;
    }

    /// <summary>After it: whether there was anything new.</summary>
    /// <param name="byCount">Whether an edge that was taken before counts as well when it is taken more or less often.</param>
    public bool TakeNew(bool byCount = true)
    {
        bool isNew = false;
        for (int place = Next(0); place >= 0; place = Next(place + 1))
        {
            byte kind = byCount ? _classes[_hits[place]] : Math.Min(_hits[place], (byte)1);
            if ((kind & ~_seen[place]) == 0)
                continue;
            isNew = true;
            if (_seen[place] == 0)
                Edges++;
            _seen[place] |= kind;
        }

        return isNew;
    }

    // The next place that was counted in: most were not.
    private int Next(int from)
    {
        int distance = _hits.AsSpan(from).IndexOfAnyExcept((byte)0);
        return distance < 0 ? -1 : from + distance;
    }

    private static byte ClassOf(int count) => count switch
    {
        0 => 0,
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
