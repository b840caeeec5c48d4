using System.Runtime.InteropServices;
using Troupe.Core.Machine;
using Random = Troupe.Core.Machine.KernelRandom<Troupe.Core.Tests.FakeRandomInstructions, Troupe.Core.Tests.FakeTimeStampCounter,
    Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.FakeProcessors>;
using Source = Troupe.Core.Machine.EntropySource<Troupe.Core.Tests.FakeRandomInstructions, Troupe.Core.Tests.FakeTimeStampCounter>;

namespace Troupe.Core.Tests;

[Collection("kernel random")]
public sealed unsafe class RandomGeneratorTests : IDisposable
{
    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(64 * 1024, 64);
    private CpuFeatures _features;

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    /// <summary>RFC 8439, 2.3.2.</summary>
    [Fact]
    public void TheBlockFunctionMatchesTheSpecificationsExample()
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        Assert.Equal(
            "10F1E7E4D13B5915500FDD1FA32071C4C7D1F4C733C068030422AA9AC3D46C4ED2826446079FAA0914C2D705D98B02A2B5129CD1DE164EB9CBD083E8A2503C4E",
            Block(key, 1, 0x0900_0000, 0x4A00_0000, 0));
    }

    /// <summary>RFC 8439, appendix A.1, vectors 1 to 5.</summary>
    [Theory]
    [InlineData(0, 0x00, 0u, 0u, "76B8E0ADA0F13D90405D6AE55386BD28BDD219B8A08DED1AA836EFCC8B770DC7DA41597C5157488D7724E03FB8D84A376A43B8F41518A11CC387B669B2EE6586")]
    [InlineData(0, 0x00, 1u, 0u, "9F07E7BE5551387A98BA977C732D080DCB0F29A048E3656912C6533E32EE7AED29B721769CE64E43D57133B074D839D531ED1F28510AFB45ACE10A1F4B794D6F")]
    [InlineData(31, 0x01, 1u, 0u, "3AEB5224ECF849929B9D828DB1CED4DD832025E8018B8160B82284F3C949AA5A8ECA00BBB4A73BDAD192B5C42F73F2FD4E273644C8B36125A64ADDEB006C13A0")]
    [InlineData(1, 0xFF, 2u, 0u, "72D54DFBF12EC44B362692DF94137F328FEA8DA73990265EC1BBBEA1AE9AF0CA13B25AA26CB4A648CB9B9D1BE65B2C0924A66C54D545EC1B7374F4872E99F096")]
    [InlineData(0, 0x00, 0u, 0x0200_0000u, "C2C64D378CD536374AE204B9EF933FCD1A8B2288B3DFA49672AB765B54EE27C78A970E0E955C14F3A88E741B97C286F75F8FC299E8148362FA198A39531BED6D")]
    public void TheBlockFunctionMatchesTheVectors(int keyIndex, int keyByte, uint counter, uint lastNonceWord, string expected)
    {
        byte[] key = new byte[32];
        key[keyIndex] = (byte)keyByte;
        Assert.Equal(expected, Block(key, counter, 0, 0, lastNonceWord));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(96)]
    [InlineData(1000)]
    public void ARequestIsAnsweredToItsLengthAndNoFurther(int length)
    {
        RandomGenerator* generator = Generator(7);
        byte[] output = new byte[length + 8];
        fixed (byte* start = output)
            RandomGenerator.Fill(generator, start, (ulong)length);
        Assert.All(output[length..], value => Assert.Equal(0, value));
        if (length >= 32)
            Assert.True(output[..length].Distinct().Count() > length / 16);
        Assert.Equal((ulong)length, generator->Generated);
    }

    [Fact]
    public void EveryRequestReplacesTheKeyAndLeavesNothingBehind()
    {
        RandomGenerator* generator = Generator(7);
        byte[] before = State(generator);
        byte[] output = new byte[64];
        fixed (byte* start = output)
            RandomGenerator.Fill(generator, start, 64);
        byte[] after = State(generator);

        Assert.NotEqual(before[..32], after[..32]);
        Assert.All(after[32..128], value => Assert.Equal(0, value)); // next key and block
        for (int i = 0; i + 8 <= output.Length; i++)
            Assert.Equal(-1, after.AsSpan().IndexOf(output.AsSpan(i, 8)));
        Assert.NotEqual(output, Fill(generator, 64));
    }

    [Fact]
    public void WhatIsAbsorbedChangesEverythingAfter()
    {
        byte[] one = Fill(Generator(1), 32);
        Assert.Equal(one, Fill(Generator(1), 32));
        Assert.NotEqual(one, Fill(Generator(2), 32));
    }

    [Theory]
    [InlineData(true, true, EntropyQuality.Hardware)]
    [InlineData(false, true, EntropyQuality.Hardware)]
    [InlineData(false, false, EntropyQuality.TimerJitter)]
    public void TheProcessorsInstructionsAreTakenFirst(bool seed, bool random, EntropyQuality expected)
    {
        ulong counter = 1;
        _features.RdSeed = seed;
        _features.RdRand = random;
        _machine.RdSeed = () => counter += 0x9E37_79B9_7F4A_7C15;
        _machine.RdRand = () => counter += 0x9E37_79B9_7F4A_7C15;
        Assert.Equal(expected, Initialize());
    }

    [Fact]
    public void ADrainedRdSeedGivesWayToRdRandAfterALimitedNumberOfTries()
    {
        int tries = 0;
        ulong counter = 1;
        _features.RdSeed = true;
        _features.RdRand = true;
        _machine.RdSeed = () =>
        {
            tries++;
            return null;
        };
        _machine.RdRand = () => counter += 0x9E37_79B9_7F4A_7C15;
        Assert.Equal(EntropyQuality.Hardware, Initialize());
        Assert.InRange(tries, 1, 10_000);
    }

    [Fact]
    public void InstructionsThatNeverDeliverAreGivenUp()
    {
        _features.RdSeed = true;
        _features.RdRand = true;
        Assert.Equal(EntropyQuality.TimerJitter, Initialize());
    }

    [Fact]
    public void AnInstructionThatRepeatsItselfIsNotTrusted()
    {
        _features.RdRand = true;
        _machine.RdRand = () => ulong.MaxValue; // as some AMD processors after suspend
        Assert.Equal(EntropyQuality.TimerJitter, Initialize());
    }

    [Fact]
    public void WithoutInstructionsTheDeviceIsAsked() =>
        Assert.Equal(EntropyQuality.Device, Random.Initialize(_memory, 2, Features(), &FullDevice));

    [Fact]
    public void ADeviceThatGivesTooLittleOrOnlyZeroesDoesNotCount()
    {
        Assert.Equal(EntropyQuality.TimerJitter, Random.Initialize(_memory, 2, Features(), &EmptyDevice));
        Assert.Equal(EntropyQuality.TimerJitter, Random.Initialize(_memory, 2, Features(), &ZeroDevice));
    }

    [Fact]
    public void TwoBootsAndTwoProcessorsNeverGiveTheSame()
    {
        Initialize();
        byte[] first = Draw(0, 32);
        byte[] second = Draw(1, 32);
        _machine.TimeStamp += 12_345;
        Initialize();
        byte[] third = Draw(0, 32);
        Assert.Equal(3, new[] { Convert.ToHexString(first), Convert.ToHexString(second), Convert.ToHexString(third) }.Distinct().Count());
    }

    [Fact]
    public void AContributionReachesEveryProcessorAtItsNextRequest()
    {
        // Two runs of the same machine, but for the contribution.
        byte[][] runs = new byte[2][];
        for (int run = 0; run < 2; run++)
        {
            _machine.TimeStamp = 1_000_000;
            Initialize();
            Draw(1, 8);
            byte[] given = [1, 2, 3, 4, 5];
            given[4] += (byte)run;
            fixed (byte* start = given)
                Random.Contribute(start, 5);
            runs[run] = Draw(1, 32);
        }

        Assert.NotEqual(runs[0], runs[1]);
    }

    [Theory]
    [InlineData(0L, 1 << 20)]
    [InlineData(300_000_000_000L, 8)]
    public void AfterAMebibyteOrFiveMinutesTheGeneratorIsReseeded(long later, int bytes)
    {
        int drawn = 0;
        ulong counter = 1;
        _features.RdRand = true;
        _machine.RdRand = () =>
        {
            drawn++;
            return counter += 0x9E37_79B9_7F4A_7C15;
        };
        FakeProcessors.SetNow(1000);
        Initialize();
        Draw(0, bytes);
        int before = drawn;
        if (later == 0)
            Draw(0, 8);
        else
            Draw(0, 0);
        if (later != 0)
        {
            Assert.Equal(before, drawn);
            FakeProcessors.SetNow(1000 + later);
            Draw(0, 8);
        }

        Assert.True(drawn > before);
    }

    [Fact]
    public void JitterMakesTheKeyDependOnTime()
    {
        byte[][] outputs = new byte[2][];
        for (int run = 0; run < 2; run++)
        {
            _machine.TimeStamp = 500;
            _machine.TimeStampStep = (ulong)(20 + run);
            RandomGenerator* generator = Generator(1);
            Source.AbsorbJitter(generator, 64);
            outputs[run] = Fill(generator, 32);
        }

        Assert.NotEqual(outputs[0], outputs[1]);
    }

    private static int FullDevice(byte* buffer, int length)
    {
        for (int i = 0; i < length; i++)
            buffer[i] = (byte)((i * 37) + 11);
        return length;
    }

    private static int EmptyDevice(byte* buffer, int length) => 0;

    private static int ZeroDevice(byte* buffer, int length)
    {
        new Span<byte>(buffer, length).Clear();
        return length;
    }

    private EntropyQuality Initialize() => Random.Initialize(_memory, 2, Features(), null);

    private CpuFeatures* Features()
    {
        var features = (CpuFeatures*)(_memory + (32 * 1024));
        *features = _features;
        return features;
    }

    private RandomGenerator* Generator(ulong input)
    {
        var generator = (RandomGenerator*)(_memory + (48 * 1024));
        RandomGenerator.Clear(generator);
        RandomGenerator.Absorb(generator, input, 0, 0, 0);
        return generator;
    }

    private static byte[] State(RandomGenerator* generator) => new Span<byte>(generator, sizeof(RandomGenerator)).ToArray();

    private static byte[] Fill(RandomGenerator* generator, int length)
    {
        byte[] output = new byte[length];
        fixed (byte* start = output)
            RandomGenerator.Fill(generator, start, (ulong)length);
        return output;
    }

    private static byte[] Draw(int processor, int length)
    {
        byte[] output = new byte[length];
        fixed (byte* start = output)
            Random.Fill(processor, start, (ulong)length);
        return output;
    }

    private static string Block(byte[] key, uint counter, uint nonce0, uint nonce1, uint nonce2)
    {
        byte[] output = new byte[64];
        fixed (byte* keyStart = key, outputStart = output)
            ChaCha20.Block((uint*)keyStart, counter, nonce0, nonce1, nonce2, (uint*)outputStart);
        return Convert.ToHexString(output);
    }
}
