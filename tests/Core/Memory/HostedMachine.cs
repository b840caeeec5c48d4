using System.Runtime.InteropServices;
using Troupe.Core.Machine.Memory;
using Troupe.Core.Memory;

namespace Troupe.Core.Tests.Memory;

/// <summary>A machine with some RAM: the state of the allocator in native memory, where it does not move.</summary>
public sealed unsafe class HostedMachine : IDisposable
{
    public const ulong Megabyte = 1024 * 1024;
    public const ulong Gigabyte = 1024 * Megabyte;

    [ThreadStatic] private static List<(FrameError Error, ulong Frame)>? _errors;

    public HostedMachine(MemoryRange[] usable, MemoryRange[]? reserved = null, ulong? size = null)
    {
        ulong top = 0;
        foreach (MemoryRange range in usable)
            top = Math.Max(top, range.End);
        NativePhysical.Create(size ?? (top + PageSize.Small));
        HostedProcessors.Current = 0;
        HostedProcessors.Count = 1;
        HostedProcessors.OnPause = null;
        HostedProcessors.OnInterrupt = null;
        _errors = [];
        Frames = (FrameAllocator<ProcessorMemory, HostedProcessors, NativePhysical>*)NativeMemory.AllocZeroed(
            (nuint)sizeof(FrameAllocator<ProcessorMemory, HostedProcessors, NativePhysical>));
        reserved ??= [];
        fixed (MemoryRange* usablePointer = usable, reservedPointer = reserved)
        {
            Initialized = Frames->Initialize(usablePointer, usable.Length, reservedPointer, reserved.Length, &Record);
        }
    }

    public bool Initialized { get; }

    public FrameAllocator<ProcessorMemory, HostedProcessors, NativePhysical>* Frames { get; }

    public static IReadOnlyList<(FrameError Error, ulong Frame)> Errors => _errors ??= [];

    public static HostedMachine WithMegabytes(ulong megabytes) => new([new MemoryRange(0, megabytes * Megabyte)]);

    public void Dispose()
    {
        NativeMemory.Free(Frames);
        NativePhysical.Destroy();
    }

    private static void Record(FrameError error, ulong frame) => (_errors ??= []).Add((error, frame));
}
