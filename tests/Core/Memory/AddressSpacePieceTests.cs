using Troupe.Core.Machine.Memory;

namespace Troupe.Core.Tests.Memory;

/// <summary>How much one call does at most, interrupts being off meanwhile; and that nobody sees a half-made mapping.</summary>
[Collection("physical memory")]
public sealed unsafe class AddressSpacePieceTests
{
    private const ulong Page = PageSize.Small;
    private const ulong Megabyte = HostedMachine.Megabyte;
    private const MemoryProtection None = MemoryProtection.None;
    private const MemoryProtection Read = MemoryProtection.Read;
    private const MemoryProtection ReadWrite = MemoryProtection.Read | MemoryProtection.Write;

    [Fact]
    public void OneCallReleasesAtMostTwoMegabytes()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(8 * Megabyte, ReadWrite);
        for (ulong at = 0; at < 8 * Megabyte; at += Page)
            host.Write(address + at, 1);
        long before = host.Space->ResidentFrames;
        Assert.Equal(MemoryStatus.Done, host.Space->DontNeed(address, 8 * Megabyte, out ulong done));
        Assert.Equal(before - (long)(done / Page), host.Space->ResidentFrames);
        Assert.InRange(done, Page, 2 * Megabyte);
        Assert.Equal(MemoryStatus.Done, host.Space->Protect(address, 8 * Megabyte, Read, out done));
        Assert.True(done < 8 * Megabyte);
        Assert.Equal(MemoryStatus.Done, host.Space->Unmap(address, 8 * Megabyte, out done));
        Assert.True(done < 8 * Megabyte);
        host.CheckAccounts();
    }

    [Fact]
    public void AHugeReservationIsMappedAndUnmappedInFewCalls()
    {
        using var host = new HostedAddressSpace();
        const ulong size = 256UL << 30;
        Assert.Equal(MemoryStatus.Done, host.Space->Map(0, size, None, MapFlags.None, out ulong address, out ulong done));
        Assert.Equal(size, done);
        host.Protect(address + (100UL << 30), Megabyte, ReadWrite);
        host.Write(address + (100UL << 30), 1);
        int calls = 0;
        for (ulong at = 0; at < size; at += done, calls++)
            Assert.Equal(MemoryStatus.Done, host.Space->Unmap(address + at, size - at, out done));
        Assert.InRange(calls, 1, 3);
        host.CheckAccounts();
    }

    [Fact]
    public void ALargeMappingIsTakenAtOnceAndBecomesAccessibleInPieces()
    {
        using var host = new HostedAddressSpace();
        const ulong size = 4UL << 30;
        Assert.Equal(MemoryStatus.Done, host.Space->Map(0, size, Read, MapFlags.None, out ulong address, out ulong done));
        Assert.InRange(done, 2 * Megabyte, 128 * Megabyte);
        Assert.Equal(0, host.Read(address + done - 1));
        Assert.Equal(FaultResult.ProtectionViolation, host.Access(address + done, MemoryAccess.Read, out _));

        // Nobody gets a place in what is not accessible yet.
        ulong other = host.Map(Page, ReadWrite);
        Assert.False(other >= address && other < address + size);
        Assert.Equal(MemoryStatus.Exists, host.Space->Map(address + size - Page, Page, Read, MapFlags.NoReplace, out _, out _));
        for (ulong at = done; at < size; at += done)
        {
            Assert.Equal(MemoryStatus.Done, host.Space->Protect(address + at, size - at, Read, out done));
            Assert.InRange(done, 2 * Megabyte, 128 * Megabyte);
        }

        Assert.Equal(0, host.Read(address + size - 1));
        Assert.Equal(3, host.Space->RegionCount);
        host.Unmap(address, size);
        host.CheckAccounts();
    }

    [Fact]
    public void ALargeWritableMappingIsChargedBeforeItsFirstPiece()
    {
        using var host = new HostedAddressSpace(megabytes: 512);

        // The table for the first 512 GiB stays.
        host.Unmap(host.Map(Page, ReadWrite), Page);
        long charged = host.Commit->Charged;
        const ulong size = 200 * Megabyte;
        Assert.Equal(MemoryStatus.Done, host.Space->Map(0, size, ReadWrite, MapFlags.None, out ulong address, out ulong done));
        Assert.True(done < size);
        Assert.True(host.Commit->Charged - charged >= (long)(size / Page));
        for (ulong at = done; at < size; at += done)
            Assert.Equal(MemoryStatus.Done, host.Space->Protect(address + at, size - at, ReadWrite, out done));
        host.Write(address + size - 1, 1);
        host.Unmap(address, size);
        Assert.Equal(charged, host.Commit->Charged);
        host.CheckAccounts();
    }

    [Fact]
    public void OneCallLooksAtABoundedNumberOfRegions()
    {
        using var host = new HostedAddressSpace();
        const ulong pages = 400;
        ulong address = host.Map(pages * Page, Read);
        for (ulong page = 0; page < pages; page += 2)
            host.Protect(address + (page * Page), Page, None);
        Assert.Equal(MemoryStatus.Done, host.Space->Protect(address, pages * Page, ReadWrite, out ulong done));
        Assert.InRange(done, Page, 64 * Page);
        Assert.Equal(MemoryStatus.Done, host.Space->DontNeed(address + done, (pages * Page) - done, out ulong discarded));
        Assert.InRange(discarded, Page, 64 * Page);
        Assert.Equal(MemoryStatus.Done, host.Space->Unmap(address + done, (pages * Page) - done, out ulong unmapped));
        Assert.InRange(unmapped, Page, 64 * Page);
        host.Unmap(address, pages * Page);
        host.CheckAccounts();
    }

    [Fact]
    public void TheBreakMovesInPieces()
    {
        using var host = new HostedAddressSpace(megabytes: 512);
        ulong start = host.Break(0);
        ulong wanted = start + (200 * Megabyte);
        ulong end = host.Space->Break(wanted, out bool isDone);
        Assert.False(isDone);
        Assert.InRange(end, start + (2 * Megabyte), start + (128 * Megabyte));
        host.Write(end - 1, 1);
        Assert.Equal(wanted, host.Break(wanted));
        host.Write(wanted - 1, 1);
        end = host.Space->Break(start, out isDone);
        Assert.False(isDone);
        Assert.Equal(FaultResult.ProtectionViolation, host.Access(wanted - 1, MemoryAccess.Read, out _));
        Assert.Equal(FaultResult.Handled, host.Access(end - 1, MemoryAccess.Read, out _));
        Assert.Equal(start, host.Break(start));
        host.CheckAccounts();
    }
}
