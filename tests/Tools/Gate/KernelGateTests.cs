using Troupe.Tools.Gate;
using static Troupe.Tools.Tests.Gate.AssembledObject;

namespace Troupe.Tools.Tests.Gate;

/// <summary>Every way in which kernel code could ask the runtime for something, planted and caught; and what it may do, let through.</summary>
public sealed class KernelGateTests
{
    private const string Kernel = "Troupe_Smp_Kernel_Troupe_Smp_Kernel_Scheduler__Run";
    private const string Library = "S_P_CoreLib_System_Math__Innocent";

    private static readonly IReadOnlySet<string> _ownAssembly = new HashSet<string> { "instruction_halt", "entry_data" };

    [Theory]
    [InlineData("call RhpNewFast", "allocates")]
    [InlineData("call RhpNewArrayFast", "allocates")]
    [InlineData("call RhAllocateNewObject", "allocates")]
    [InlineData("call RhpThrowEx", "throws")]
    [InlineData("jmp RhpThrowEx", "throws")]
    [InlineData("je RhpThrowEx", "throws")]
    [InlineData("call S_P_CoreLib_Internal_Runtime_CompilerHelpers_ThrowHelpers__ThrowIndexOutOfRangeException", "throws")]
    [InlineData("call RhpAssignRef", "write barrier")]
    [InlineData("call RhpCheckedAssignRef", "write barrier")]
    [InlineData("call RhpByRefAssignRef", "write barrier")]
    [InlineData("call RhBulkMoveWithWriteBarrier", "write barrier")]
    [InlineData("call S_P_CoreLib_System_Runtime_CompilerServices_ClassConstructorRunner__CheckStaticClassConstruction", "class constructor")]
    [InlineData("call __GetNonGCStaticBase_Troupe_Smp_Kernel_Scheduler", "class constructor")]
    [InlineData("call RhpPInvoke", "garbage collector")]
    [InlineData("call RhpReversePInvoke", "garbage collector")]
    [InlineData("cmpl $0, RhpTrapThreads(%rip)", "polls the garbage collector")]
    [InlineData("call memset", "memory routines")]
    [InlineData("call memmove", "memory routines")]
    [InlineData("call malloc", "the C library")]
    [InlineData("call RhSomethingOfALaterCompiler", "the runtime or the C library")]
    [InlineData("mov %fs:0, %rax", "storage of the current thread")]
    [InlineData("lea tls_InlinedThreadStatics@TLSGD(%rip), %rdi", "storage of the current thread")]
    [InlineData("mov tls_InlinedThreadStatics@GOTTPOFF(%rip), %rax", "storage of the current thread")]
    [InlineData("call __tls_get_addr", "storage of the current thread")]
    [InlineData("mov __security_cookie(%rip), %rax", "stack cookie")]
    [InlineData("call *__InterfaceDispatchCell_IDisposable__Dispose(%rip)", "interface")]
    [InlineData("lea _ZTV6Object(%rip), %rdi", "allocates, boxes or casts")]
    [InlineData("lea __Str_hello(%rip), %rdi", "string")]
    [InlineData("mov __GCSTATICSTroupe_Smp_Kernel_Scheduler(%rip), %rax", "static that holds references")]
    [InlineData("lea __GenericDict_Something(%rip), %rdi", "generic dictionary")]
    [InlineData("call S_P_CoreLib_System_Runtime_TypeCast__CheckCastAny", "casts")]
    [InlineData("mov g_someStateOfTheRuntime(%rip), %rax", "data of the runtime")]
    public async Task AHelperIsRefused(string instruction, string what)
    {
        var violation = Assert.Single(await CheckAsync(Function(Kernel, instruction)));
        Assert.Contains(what, violation.What, StringComparison.Ordinal);
        Assert.Equal(Kernel, violation.Path[0]);
    }

    [Fact]
    public async Task AHelperBehindInnocentCallsIsRefusedWithThePathToIt()
    {
        var violation = Assert.Single(await CheckAsync(
            Function(Kernel, $"call {Library}"), Function(Library, "call Between"), Function("Between", "call RhpNewFast")));
        Assert.Equal([Kernel, Library, "Between", "RhpNewFast"], violation.Path);
    }

    [Fact]
    public async Task AHelperBehindAFunctionPointerIsRefused()
    {
        var violation = Assert.Single(await CheckAsync(
            Function(Kernel, $"lea {Library}(%rip), %rax", "call *%rax"), Function(Library, "call RhpThrowEx")));
        Assert.Equal([Kernel, Library, "RhpThrowEx"], violation.Path);
    }

    [Fact]
    public async Task AHelperBehindATailCallIsRefused() =>
        Assert.Single(await CheckAsync(Function(Kernel, $"jmp {Library}"), Function(Library, "call RhpThrowEx")));

    [Fact]
    public async Task AHelperInAnotherSectionIsRefused() =>
        Assert.Single(await CheckAsync(
            Function(Kernel, "call Stub"), ".section __unbox,\"ax\",@progbits\n.globl Stub\n.type Stub,@function\nStub: jmp RhpNewFast\n"));

    [Fact]
    public async Task AClassConstructorOfTheKernelIsRefused() =>
        Assert.Single(await CheckAsync(Function("Troupe_Core_Machine_Troupe_Core_Machine_Panic___cctor", "nop")));

    [Fact]
    public async Task EachPlaceInTheKernelIsNamed()
    {
        var violations = await CheckAsync(Function(Kernel, "call RhpNewFast"), Function(Kernel + "Again", "call RhpNewFast"));
        Assert.Equal(2, violations.Count);
    }

    [Fact]
    public async Task WhatTheRuntimeDoesForItselfIsNoneOfOurBusiness() =>
        Assert.Empty(await CheckAsync(Function(Kernel, "nop"), Function(Library, "call RhpNewFast", "mov %fs:0, %rax")));

    [Theory]
    [InlineData("call instruction_halt")]
    [InlineData("lea entry_data(%rip), %rax")]
    [InlineData("mov __NONGCSTATICSTroupe_Smp_Kernel_Scheduler(%rip), %rax")]
    [InlineData("lea __readonlydata_Troupe_Smp_Kernel_Scheduler__Run(%rip), %rsi")]
    [InlineData("lea Troupe_Smp_Kernel__PrivateImplementationDetails___AD50(%rip), %rdi")]
    [InlineData("lock cmpxchg %rcx, (%rdx)")]
    [InlineData("call *__NONGCSTATICSTroupe_Core_Machine_KernelUpcalls(%rip)")]
    [InlineData("mov %gs:0, %rax")]
    public async Task WhatTheKernelNeedsIsAllowed(string instruction) => Assert.Empty(await CheckAsync(Function(Kernel, instruction)));

    private static async Task<IReadOnlyList<GateViolation>> CheckAsync(params string[] functions) =>
        KernelGate.Check(await ReadAsync(string.Concat(functions)), _ownAssembly).Violations;
}
