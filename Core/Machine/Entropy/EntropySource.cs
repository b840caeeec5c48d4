namespace Troupe.Core.Machine;

/// <summary>Collects entropy from the processor, a device, or timing, into a generator.</summary>
public static unsafe class EntropySource<TRandom, TCounter>
    where TRandom : struct, IRandomInstructions
    where TCounter : struct, ITimeStampCounter
{
    // Intel's guide: 10 tries of RDRAND fail only on broken hardware; RDSEED may be drained by other processors for longer.
    private const int RdRandTries = 10;
    private const int RdSeedTries = 200;
    private const int SeedRounds = 2; // of 32 bytes

    private const int DeviceBytes = 64;
    private const int LeastDeviceBytes = 32;

    // Each sample is taken to hold well under a bit: 1,024 leave a margin over the 256 that are needed. A millisecond or so.
    private const int JitterSamples = 1024;

    /// <summary>Seeds the generator from the best source there is; the counter is mixed in whatever the source.</summary>
    /// <param name="features">What CPUID said.</param>
    /// <param name="device">Fills a buffer from an entropy device and returns how many bytes it got; or null.</param>
    /// <param name="scratch">64 bytes for the device.</param>
    /// <param name="generator">What to seed.</param>
    /// <returns>What was used.</returns>
    public static EntropyQuality Seed(CpuFeatures* features, delegate*<byte*, int, int> device, byte* scratch, RandomGenerator* generator)
    {
        RandomGenerator.Absorb(generator, TCounter.Read(), TCounter.Read(), TCounter.Read(), TCounter.Read());
        int rounds = 0;
        while (rounds < SeedRounds && AbsorbInstructions(features, generator))
            rounds++;
        if (rounds == SeedRounds)
            return EntropyQuality.Hardware;
        if (device != null && AbsorbDevice(device, scratch, generator))
            return EntropyQuality.Device;
        AbsorbJitter(generator, JitterSamples);
        return EntropyQuality.TimerJitter;
    }

    /// <summary>Mixes in 32 bytes of RDSEED, or else RDRAND.</summary>
    /// <returns>False when the processor has neither, or gave up, or repeats itself as broken ones do.</returns>
    public static bool AbsorbInstructions(CpuFeatures* features, RandomGenerator* generator)
    {
        ulong word0, word1, word2, word3;
        bool drawn = Draw(features, &word0) & Draw(features, &word1) & Draw(features, &word2) & Draw(features, &word3);
        if (!drawn || (word0 == word1 && word1 == word2 && word2 == word3))
            return false;
        RandomGenerator.Absorb(generator, word0, word1, word2, word3);
        return true;
    }

    /// <summary>Mixes in the jitter of the counter over a walk whose length depends on the samples before.</summary>
    public static void AbsorbJitter(RandomGenerator* generator, int samples)
    {
        ulong last = TCounter.Read();
        ulong pool = last;
        for (int i = 0; i < samples; i++)
        {
            // Branches that cannot be foretold, so that caches, predictors and the host's scheduling show in the time.
            for (ulong walk = (pool ^ (pool >> 7)) & 31; walk != 0; walk--)
                pool = (pool << 13) | (pool >> 51);
            ulong now = TCounter.Read();
            pool = ((pool << 5) | (pool >> 59)) ^ (now - last);
            last = now;
            if ((i & 15) == 15)
                RandomGenerator.Absorb(generator, pool, now, (ulong)i, 0);
        }
    }

    private static bool AbsorbDevice(delegate*<byte*, int, int> device, byte* scratch, RandomGenerator* generator)
    {
        int got = device(scratch, DeviceBytes);
        if (got < LeastDeviceBytes)
            return false;
        ulong* words = (ulong*)scratch;
        bool repeats = words[0] == words[1] && words[1] == words[2] && words[2] == words[3];
        for (int i = 0; i + LeastDeviceBytes <= got && i < DeviceBytes; i += LeastDeviceBytes)
        {
            RandomGenerator.Absorb(generator, words[0], words[1], words[2], words[3]);
            words += 4;
        }

        for (int i = 0; i < DeviceBytes; i++)
            Volatile.Write(ref scratch[i], 0);
        return !repeats;
    }

    private static bool Draw(CpuFeatures* features, ulong* word)
    {
        for (int i = 0; features->RdSeed && i < RdSeedTries; i++)
        {
            if (TRandom.TryRdSeed(word))
                return true;
        }

        for (int i = 0; features->RdRand && i < RdRandTries; i++)
        {
            if (TRandom.TryRdRand(word))
                return true;
        }

        *word = 0;
        return false;
    }
}
