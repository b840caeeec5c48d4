namespace Troupe.Tools.Gate;

/// <summary>What kernel code may refer to. Whatever is not allowed here is refused: a helper that a later compiler brings is refused
/// before anyone has heard of it. The names are those of the native compiler (ILC) of .NET 10.</summary>
public static class KernelRules
{
    /// <summary>The beginnings of the names of kernel functions: the compiler puts the assembly first.</summary>
    private static readonly string[] _kernelAssemblies = ["Troupe_Core_Machine_", "Troupe_Smp_Kernel_"];

    /// <summary>Data that is there before any code runs: plain statics in .bss, jump tables, and constants such as "..."u8.</summary>
    private static readonly string[] _constantData = ["__NONGCSTATICS", "__readonlydata_"];

    /// <summary>Helpers that kernel code may use all the same, each with its reason.</summary>
    private static readonly IReadOnlyDictionary<string, string> _exceptions = new Dictionary<string, string>();

    private static readonly (string Beginning, string What)[] _helpers =
    [
        ("RhpNew", "allocates"), ("RhNew", "allocates"), ("RhAllocate", "allocates"), ("RhBox", "allocates"), ("RhpGcAlloc", "allocates"),
        ("RhpThrow", "throws"), ("RhpRethrow", "throws"), ("RhpFallbackFailFast", "throws"),
        ("RhpAssignRef", "stores a reference (write barrier)"), ("RhpCheckedAssignRef", "stores a reference (write barrier)"),
        ("RhpByRefAssignRef", "stores a reference (write barrier)"), ("RhpChecked", "stores a reference (write barrier)"),
        ("RhBulkMove", "stores a reference (write barrier)"),
        ("RhpPInvoke", "crosses to native code through the garbage collector"), ("RhpReversePInvoke", "crosses from native code through the garbage collector"),
        ("RhpGcPoll", "polls the garbage collector"), ("RhpTrapThreads", "polls the garbage collector"),
        ("__security", "checks a stack cookie"), ("__stack_chk", "checks a stack cookie"),
        ("__tls_get_addr", "uses storage of the current thread"), ("RhpInitialDynamicInterfaceDispatch", "calls through an interface"),
        ("mem", "calls the C library's memory routines"), ("RhpMem", "calls the runtime's memory routines"),
    ];

    private static readonly (string Part, string What)[] _managed =
    [
        ("ThrowHelper", "throws"), ("ClassConstructorRunner", "checks a class constructor"), ("__GetNonGCStaticBase_", "checks a class constructor"),
        ("__GetGCStaticBase_", "checks a class constructor"), ("__GetThreadStaticBase_", "uses storage of the current thread"),
        ("__cctor", "is a class constructor"), ("TypeCast__", "casts"), ("__DelegateCtor", "makes a delegate"),
        ("__GenericLookup", "looks up a generic dictionary"), ("VirtualCall_", "calls through a virtual table"),
    ];

    private static readonly (string Beginning, string What)[] _data =
    [
        ("_ZTV", "needs a type at run time (allocates, boxes or casts)"), ("__GCSTATICS", "uses a static that holds references"),
        ("__Str_", "uses a string"), ("__FrozenObj", "uses an object"), ("__GenericDict", "looks up a generic dictionary"),
        ("__InterfaceDispatchCell", "calls through an interface"), ("tls_", "uses storage of the current thread"),
        ("__security", "checks a stack cookie"), ("RhpTrapThreads", "polls the garbage collector"),
    ];

    /// <summary>True for a function of the kernel half, from which the search starts.</summary>
    public static bool IsKernel(string function) => _kernelAssemblies.Any(prefix => function.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Why a function of the same object may not be called, or null if its own code decides.</summary>
    public static string? ManagedHelper(string function) => Named(function);

    /// <summary>Why a symbol of another object may not be called, or null if it may.</summary>
    public static string? ForeignCall(string symbol, IReadOnlySet<string> assembly) =>
        assembly.Contains(symbol) || _exceptions.ContainsKey(symbol)
            ? null
            : Named(symbol) ?? Beginning(_helpers, symbol) ?? "calls into the runtime or the C library";

    /// <summary>Why data may not be used, or null if it may.</summary>
    public static string? Data(string symbol, IReadOnlySet<string> assembly) =>
        assembly.Contains(symbol) || _exceptions.ContainsKey(symbol)
            || _constantData.Any(prefix => symbol.StartsWith(prefix, StringComparison.Ordinal))
            || symbol.Contains("__PrivateImplementationDetails_", StringComparison.Ordinal)
            ? null
            : Beginning(_data, symbol) ?? "uses data of the runtime";

    private static string? Named(string symbol) =>
        _managed.FirstOrDefault(rule => symbol.Contains(rule.Part, StringComparison.Ordinal)).What;

    private static string? Beginning((string Beginning, string What)[] rules, string symbol) =>
        rules.FirstOrDefault(rule => symbol.StartsWith(rule.Beginning, StringComparison.Ordinal)).What;
}
