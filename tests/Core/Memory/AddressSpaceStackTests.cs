using Troupe.Core.Machine.Memory;

namespace Troupe.Core.Tests.Memory;

[Collection("physical memory")]
public sealed unsafe class AddressSpaceStackTests
{
    private const ulong Page = PageSize.Small;
    private const ulong Megabyte = HostedMachine.Megabyte;
    private const MemoryProtection None = MemoryProtection.None;
    private const MemoryProtection ReadWrite = MemoryProtection.Read | MemoryProtection.Write;

    [Fact]
    public void TheGuardPageBelowAStackIsToldFromOtherFaults()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(Megabyte, ReadWrite, MapFlags.Stack | MapFlags.Guard);
        Assert.Equal(FaultResult.GuardPage, host.Access(address, MemoryAccess.Write, out _));
        Assert.Equal(FaultResult.GuardPage, host.Access(address + Page - 1, MemoryAccess.Read, out _));
        host.Write(address + Page, 1);
        host.Write(address + Megabyte - 1, 1);
        host.Unmap(address, Megabyte);
        host.CheckAccounts();
    }

    [Fact]
    public void AStackAsTheCLibraryMakesItHasAGuardPageAndIsChargedALittle()
    {
        using var host = new HostedAddressSpace();
        host.Unmap(host.Map(Page, ReadWrite), Page);
        long charged = host.Commit->Charged;
        ulong address = host.Map(8 * Megabyte, None, MapFlags.Stack);
        Assert.Equal(charged, host.Commit->Charged);
        Assert.Equal(MemoryStatus.Done, host.Protect(address + Page, (8 * Megabyte) - Page, ReadWrite));
        Assert.InRange(host.Commit->Charged - charged, 16, 19);
        Assert.Equal(FaultResult.GuardPage, host.Access(address + 8, MemoryAccess.Write, out _));
        host.Write(address + (8 * Megabyte) - 1, 1);
        host.Unmap(address, 8 * Megabyte);
        Assert.Equal(charged, host.Commit->Charged);
    }

    [Fact]
    public void AStackThatGrowsIsChargedByThePageAndGivesItBack()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(8 * Megabyte, ReadWrite, MapFlags.Stack);
        long charged = host.Commit->Charged;
        for (ulong at = 8 * Megabyte; at > 7 * Megabyte; at -= Page)
            host.Write(address + at - 1, 1);
        Assert.Equal(charged + 256 - 16, host.Commit->Charged);
        host.DontNeed(address, 8 * Megabyte);
        Assert.Equal(charged, host.Commit->Charged);
        host.CheckAccounts();
    }

    [Fact]
    public void PastTheLimitStacksGrowFromTheReserveUntilItIsExhausted()
    {
        using var host = new HostedAddressSpace(megabytes: 32, stackReserve: 100, limit: 2000);
        ulong stack = host.Map(8 * Megabyte, ReadWrite, MapFlags.Stack);
        while (host.Space->Map(0, Page, ReadWrite, MapFlags.None, out _, out _) == MemoryStatus.Done)
        {
        }

        int grown = 0;
        FaultResult result = FaultResult.Handled;
        for (ulong at = 8 * Megabyte; at > 0 && result == FaultResult.Handled; at -= Page)
        {
            result = host.Access(stack + at - 1, MemoryAccess.Write, out _);
            grown++;
        }

        Assert.Equal(FaultResult.OutOfMemory, result);
        Assert.InRange(grown, 16 + 95, 16 + 105);
        Assert.InRange(host.Commit->ReserveTaken, 97, 100);
        host.CheckAccounts();

        host.DontNeed(stack, 8 * Megabyte);
        Assert.InRange(host.Commit->ReserveTaken, 0, 2);
        host.CheckAccounts();
    }

    [Fact]
    public void PartOfAStackMayBeProtectedAndUnmapped()
    {
        using var host = new HostedAddressSpace();
        host.Unmap(host.Map(Page, ReadWrite), Page);
        long charged = host.Commit->Charged;
        ulong address = host.Map(Megabyte, ReadWrite, MapFlags.Stack);
        for (ulong at = 0; at < Megabyte; at += Page)
            host.Write(address + at, 1);
        host.Protect(address + (10 * Page), 50 * Page, None);
        host.Protect(address + (10 * Page), 50 * Page, ReadWrite);
        host.CheckAccounts();
        host.Unmap(address + (100 * Page), 30 * Page);
        host.CheckAccounts();
        host.Unmap(address, Megabyte);
        Assert.Equal(charged, host.Commit->Charged);
        Assert.Equal(0, host.Space->ResidentFrames);
    }
}
