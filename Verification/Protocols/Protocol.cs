using System.Runtime.InteropServices;

namespace Troupe.Verification.Protocols;

/// <summary>
/// A small piece of the product, driven by two or three processors, with what must hold. One instance is one run; the same
/// source is compiled into the Coyote tests and the explorer tests.
/// </summary>
internal abstract unsafe class Protocol
{
    private readonly List<nint> _blocks = [];

    ~Protocol() => Free();

    /// <summary>What each processor does.</summary>
    public abstract Action[] Processors { get; }

    /// <summary>What must hold when all have finished.</summary>
    public virtual void Check()
    {
    }

    /// <summary>What a spinning processor does besides.</summary>
    public virtual void OnPause()
    {
    }

    /// <summary>The result of a run, for counting.</summary>
    public virtual string Outcome() => "";

    public static void Require(bool holds, string what)
    {
        if (!holds) throw new ProtocolViolation(what);
    }

    /// <summary>Gives the memory back; nobody runs the protocol any more. (Where no collection runs, finalizers do not either.)</summary>
    public void Free()
    {
        foreach (var block in _blocks) NativeMemory.AlignedFree((void*)block);
        _blocks.Clear();
    }

    /// <summary>Zeroed memory that does not move.</summary>
    protected void* Allocate(int bytes)
    {
        var block = NativeMemory.AlignedAlloc((nuint)bytes, 64);
        NativeMemory.Clear(block, (nuint)bytes);
        _blocks.Add((nint)block);
        return block;
    }
}

/// <summary>A protocol broke its promise.</summary>
internal sealed class ProtocolViolation(string what) : Exception(what);
