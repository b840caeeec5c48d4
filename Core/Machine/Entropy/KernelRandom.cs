using Troupe.Core.Memory;

namespace Troupe.Core.Machine;

/// <summary>
/// The kernel's random numbers: one pool under a lock, and a generator of its own for each processor that takes from it, so
/// that handing out bytes takes no lock. A processor's generator is reseeded after 1 MiB or 5 minutes, and at once when
/// something was contributed to the pool.
/// </summary>
public static unsafe class KernelRandom<TRandom, TCounter, TMemory, TProcessors>
    where TRandom : struct, IRandomInstructions
    where TCounter : struct, ITimeStampCounter
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
{
    private const ulong ReseedBytes = 1 << 20;
    private const long ReseedNanoseconds = 300_000_000_000;
    private const int ReseedJitterSamples = 64;
    private const int ScratchBytes = 64;

    private static SpinLock<TMemory, TProcessors> _lock; // a leaf: nothing is called under it but the generator
    private static RandomGenerator* _pool;
    private static RandomGenerator* _generators;
    private static CpuFeatures* _features;
    private static int _generation;
    private static EntropyQuality _quality;

    /// <summary>What the pool was seeded from.</summary>
    public static EntropyQuality Quality => _quality;

    /// <summary>Bytes of memory that <see cref="Initialize"/> wants for this many processors.</summary>
    public static ulong MemorySize(int processors) => ScratchBytes + ((ulong)(processors + 1) * (ulong)sizeof(RandomGenerator));

    /// <summary>Seeds the pool. Call once, on the bootstrap processor, before the others start.</summary>
    /// <param name="memory"><see cref="MemorySize"/> bytes, 8-aligned, never freed.</param>
    /// <param name="processors">How many processors there will be.</param>
    /// <param name="features">What CPUID said; kept.</param>
    /// <param name="device">A polled request to an entropy device, or null.</param>
    /// <returns>What the seed came from; a warning is due when it is <see cref="EntropyQuality.TimerJitter"/>.</returns>
    public static EntropyQuality Initialize(byte* memory, int processors, CpuFeatures* features, delegate*<byte*, int, int> device)
    {
        _features = features;
        _pool = (RandomGenerator*)(memory + ScratchBytes);
        _generators = _pool + 1;
        for (int i = 0; i <= processors; i++)
            RandomGenerator.Clear(_pool + i);
        _quality = EntropySource<TRandom, TCounter>.Seed(features, device, memory, _pool);
        TMemory.StoreRelease(ref _generation, 1);
        return _quality;
    }

    /// <summary>Hands out random bytes; on the given processor, with interrupts off. The destination must not fault.</summary>
    public static void Fill(int processor, byte* destination, ulong length)
    {
        RandomGenerator* generator = _generators + processor;
        if (generator->Generation != TMemory.LoadAcquire(ref _generation) || generator->Generated >= ReseedBytes
            || TProcessors.Now >= generator->ReseedAt)
            Reseed(generator);
        RandomGenerator.Fill(generator, destination, length);
    }

    /// <summary>Mixes bytes into the pool (what a driver of an entropy device got). They must not fault.</summary>
    public static void Contribute(byte* source, ulong length)
    {
        _lock.Acquire();
        for (ulong done = 0; done < length;)
        {
            ulong word0 = Take(source, length, ref done);
            ulong word1 = Take(source, length, ref done);
            ulong word2 = Take(source, length, ref done);
            ulong word3 = Take(source, length, ref done);
            RandomGenerator.Absorb(_pool, word0, word1, word2, word3);
        }

        AdvanceGeneration();
        _lock.Release();
    }

    /// <summary>Notes the time of an interrupt: a few instructions; it counts at the next reseeding of this processor.</summary>
    public static void NoteInterrupt(int processor)
    {
        RandomGenerator* generator = _generators + processor;
        generator->Timing = ((generator->Timing << 7) | (generator->Timing >> 57)) ^ TCounter.Read();
    }

    private static void Reseed(RandomGenerator* generator)
    {
        ulong timing = generator->Timing;
        ulong now = TCounter.Read();
        ulong word0, word1, word2, word3;

        _lock.Acquire();
        // What this processor saw goes to all; taking from the pool replaces its key.
        RandomGenerator.Absorb(_pool, timing, now, 0, 0);
        RandomGenerator.Fill(_pool, (byte*)&word0, sizeof(ulong));
        RandomGenerator.Fill(_pool, (byte*)&word1, sizeof(ulong));
        RandomGenerator.Fill(_pool, (byte*)&word2, sizeof(ulong));
        RandomGenerator.Fill(_pool, (byte*)&word3, sizeof(ulong));
        int generation = _generation;
        _lock.Release();

        RandomGenerator.Absorb(generator, word0, word1, word2, word3);
        if (!EntropySource<TRandom, TCounter>.AbsorbInstructions(_features, generator))
            EntropySource<TRandom, TCounter>.AbsorbJitter(generator, ReseedJitterSamples);
        generator->Generation = generation;
        generator->Generated = 0;
        generator->ReseedAt = TProcessors.Now + ReseedNanoseconds;
    }

    private static void AdvanceGeneration()
    {
        int next = _generation + 1;
        TMemory.StoreRelease(ref _generation, next == 0 ? 1 : next); // 0 stands for "not seeded"
    }

    private static ulong Take(byte* source, ulong length, ref ulong done)
    {
        ulong word = 0;
        for (int shift = 0; shift < 64 && done < length; shift += 8)
            word |= (ulong)source[done++] << shift;
        return word;
    }
}
