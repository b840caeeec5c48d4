using Troupe.Core.Machine.Memory;
using Xunit.Abstractions;
using Space = Troupe.Core.Machine.Memory.AddressSpace<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.NativePhysical, Troupe.Core.Tests.Memory.HostedTranslation>;

namespace Troupe.Core.Tests.Memory;

/// <summary>Random requests against a model that knows nothing but pages.</summary>
[Collection("physical memory")]
public sealed unsafe class AddressSpaceModelTests(ITestOutputHelper output)
{
    private const ulong Page = PageSize.Small;
    private const int Pages = 2000;
    private const ulong Window = Space.BreakLimit;

    private sealed class ModelPage
    {
        public MemoryProtection Protection;
        public byte Value;
    }

    private readonly ModelPage?[] _model = new ModelPage?[Pages];

    [Theory]
    [InlineData(20_000)]
    [InlineData(900)]
    public void RandomRequestsDoWhatTheModelSays(long limit)
    {
        Random random = Seed.Next(output);
        using var host = new HostedAddressSpace(megabytes: 128, stackReserve: 64, limit: limit);
        ulong top = host.Map(Page, MemoryProtection.None, MapFlags.Fixed, Window + (Pages * Page));
        int refused = 0;
        for (int step = 0; step < 6000; step++)
        {
            int at = random.Next(Pages);
            int count = Math.Min(random.Next(10) == 0 ? random.Next(1, 1200) : random.Next(1, 40), Pages - at);
            ulong address = Window + ((ulong)at * Page);
            ulong length = (ulong)count * Page;
            switch (random.Next(12))
            {
                case 0:
                case 1:
                    refused += MapSomewhere(host, random, length) ? 0 : 1;
                    break;
                case 2:
                    refused += MapFixed(host, at, count, RandomProtection(random)) ? 0 : 1;
                    break;
                case 3:
                    host.Unmap(address, length);
                    Array.Clear(_model, at, count);
                    break;
                case 4:
                    host.DontNeed(address, length);
                    for (int i = at; i < at + count; i++)
                    {
                        if (_model[i] is { } page)
                            page.Value = 0;
                    }

                    break;
                case 5:
                case 6:
                    refused += Protect(host, at, count, RandomProtection(random)) ? 0 : 1;
                    break;
                default:
                    for (int i = 0; i < 10; i++)
                        Touch(host, random, random.Next(Pages));
                    break;
            }

            if (step % 50 == 0)
                CheckAll(host);
        }

        CheckAll(host);
        host.Unmap(Window, Pages * Page);
        host.Unmap(top, Page);
        host.CheckAccounts();
        Assert.Equal(0, host.Space->ResidentFrames);
        Assert.Equal(1, host.Space->RegionCount);
        Assert.True(limit > 10_000 || refused > 0);
        output.WriteLine($"{refused} requests refused");
    }

    private static MemoryProtection RandomProtection(Random random) => random.Next(6) switch
    {
        0 or 1 => MemoryProtection.None,
        2 => MemoryProtection.Read,
        3 => MemoryProtection.Read | MemoryProtection.Execute,
        _ => MemoryProtection.Read | MemoryProtection.Write,
    };

    private bool MapSomewhere(HostedAddressSpace host, Random random, ulong length)
    {
        MemoryProtection protection = RandomProtection(random);
        MemoryStatus status = host.Space->Map(0, length, protection, MapFlags.None, out ulong address, out ulong done);
        if (status == MemoryStatus.OutOfMemory)
            return false;
        Assert.Equal(MemoryStatus.Done, status);
        Assert.Equal(length, done);
        for (ulong at = address; at < address + length; at += Page)
        {
            if (at >= Window + (Pages * Page))
            {
                host.Unmap(at, address + length - at);
                break;
            }

            Assert.Null(_model[(at - Window) / Page]);
            _model[(at - Window) / Page] = new ModelPage { Protection = protection };
        }

        return true;
    }

    private bool MapFixed(HostedAddressSpace host, int at, int count, MemoryProtection protection)
    {
        ulong address = Window + ((ulong)at * Page);
        ulong length = (ulong)count * Page;
        for (ulong done = 0, all = 0; all < length; all += done)
        {
            if (host.Space->Map(address + all, length - all, protection, MapFlags.Fixed, out _, out done) != MemoryStatus.Done)
                return false;
            for (ulong page = all / Page; page < (all + done) / Page; page++)
                _model[at + (int)page] = new ModelPage { Protection = protection };
        }

        return true;
    }

    private bool Protect(HostedAddressSpace host, int at, int count, MemoryProtection protection)
    {
        ulong address = Window + ((ulong)at * Page);
        ulong length = (ulong)count * Page;
        bool covered = Enumerable.Range(at, count).All(i => _model[i] != null);
        for (ulong done = 0, all = 0; all < length; all += done)
        {
            MemoryStatus status = host.Space->Protect(address + all, length - all, protection, out done);
            if (!covered)
                Assert.Equal(MemoryStatus.NoRegion, status);
            if (status != MemoryStatus.Done)
                return false;
            for (ulong page = all / Page; page < (all + done) / Page; page++)
                _model[at + (int)page]!.Protection = protection;
        }

        return true;
    }

    private void Touch(HostedAddressSpace host, Random random, int index)
    {
        ulong address = Window + ((ulong)index * Page) + (ulong)random.Next(4096);
        MemoryAccess access = random.Next(2) == 0 ? MemoryAccess.Read : MemoryAccess.Write;
        FaultResult result = host.Access(address, access, out _);
        Assert.Equal(Expected(index, access), result);
        if (result != FaultResult.Handled)
            return;

        // The first byte of a page stands for its contents.
        ulong first = Window + ((ulong)index * Page);
        Assert.Equal(_model[index]!.Value, host.Read(first));
        if (access == MemoryAccess.Write)
        {
            _model[index]!.Value = (byte)random.Next(1, 256);
            host.Write(first, _model[index]!.Value);
        }
    }

    private FaultResult Expected(int index, MemoryAccess access)
    {
        if (_model[index] is not { } page)
            return FaultResult.NoRegion;
        bool allowed = access == MemoryAccess.Write ? (page.Protection & MemoryProtection.Write) != 0 : page.Protection != MemoryProtection.None;
        return allowed ? FaultResult.Handled : FaultResult.ProtectionViolation;
    }

    private void CheckAll(HostedAddressSpace host)
    {
        host.CheckAccounts();
        for (int i = 0; i < Pages; i++)
        {
            if (Expected(i, MemoryAccess.Read) == FaultResult.Handled)
                Assert.Equal(_model[i]!.Value, host.Read(Window + ((ulong)i * Page)));
            else
                Assert.Equal(Expected(i, MemoryAccess.Read), host.Access(Window + ((ulong)i * Page), MemoryAccess.Read, out _));
        }
    }
}
