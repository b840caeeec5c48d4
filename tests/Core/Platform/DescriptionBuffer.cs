using System.Runtime.InteropServices;
using Troupe.Core.Machine;

namespace Troupe.Core.Tests;

/// <summary>A machine description outside the collected heap, filled with rubbish first: nothing may rely on zeroes.</summary>
public sealed unsafe class DescriptionBuffer : IDisposable
{
    public DescriptionBuffer()
    {
        Pointer = (MachineDescription*)NativeMemory.Alloc((nuint)sizeof(MachineDescription));
        NativeMemory.Fill(Pointer, (nuint)sizeof(MachineDescription), 0xA5);
        MachineDescription.Clear(Pointer);
    }

    public MachineDescription* Pointer { get; }

    public void Dispose() => NativeMemory.Free(Pointer);
}
