using System.Runtime.InteropServices;
using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;
using Troupe.Core.Memory;

namespace Troupe.Core.Tests.Memory;

/// <summary>Tests share one native buffer as physical memory, so they run one after the other.</summary>
[CollectionDefinition("physical memory", DisableParallelization = true)]
public sealed class PhysicalMemoryCollection;

/// <summary>Threads of the test play processors: each says which one it is.</summary>
public struct HostedProcessors : IProcessors
{
    [ThreadStatic] private static int _current;

    public static unsafe delegate*<int, void> OnPause;
    public static unsafe delegate*<int, ProcessorInterrupt, void> OnInterrupt;

    public static int Current
    {
        get => _current;
        set => _current = value;
    }

    public static int Count { get; set; } = 1;

    public static long Now => Environment.TickCount64 * 1_000_000;

    public static unsafe void Pause()
    {
        if (OnPause != null)
            OnPause(_current);
        Thread.Yield();
    }

    public static unsafe void Interrupt(int processor, ProcessorInterrupt reason)
    {
        if (OnInterrupt != null)
            OnInterrupt(processor, reason);
    }
}

/// <summary>Physical memory is a sparse private mapping of the test process: address 0 is its first byte.</summary>
public unsafe struct NativePhysical : IDirectMap
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymousNoReserve = 0x4022;

    private static byte* _base;
    private static ulong _length;

    public static byte* At(ulong physical)
    {
        if (physical >= _length)
            throw new InvalidOperationException($"physical address {physical:x} is outside the machine");
        return _base + physical;
    }

    public static void ClearFrame(ulong physical) => new Span<byte>(At(physical), (int)PageSize.Small).Clear();

    public static void Create(ulong length)
    {
        Destroy();
        nint address = Map(0, (nuint)length, ReadWrite, PrivateAnonymousNoReserve, -1, 0);
        if (address == -1)
            throw new InvalidOperationException("mmap failed");
        _base = (byte*)address;
        _length = length;
    }

    public static void Destroy()
    {
        if (_base != null && Unmap((nint)_base, (nuint)_length) != 0)
            throw new InvalidOperationException("munmap failed");
        _base = null;
        _length = 0;
    }

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static extern nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static extern int Unmap(nint address, nuint length);
}

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

/// <summary>Random tests print their seed and take it back from TROUPE_SEED.</summary>
public static class Seed
{
    public static Random Next(Xunit.Abstractions.ITestOutputHelper output)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("TROUPE_SEED"), out int given) ? given : Random.Shared.Next();
        output.WriteLine($"TROUPE_SEED={seed}");
        return new Random(seed);
    }
}
