namespace Troupe.Tools.Gate;

/// <summary>A place where kernel code asks the runtime for something.</summary>
/// <param name="What">What it does there.</param>
/// <param name="Path">From a function of the kernel, call by call, to the symbol that must not be reached.</param>
public sealed record GateViolation(string What, IReadOnlyList<string> Path)
{
    /// <inheritdoc />
    public override string ToString() =>
        $"kernel code {What}:{string.Concat(Path.Select((name, depth) => $"\n    {new string(' ', 2 * depth)}{name}"))}";
}

/// <summary>Proves on the compiled code that the kernel half calls no runtime helper: from all of its functions the search follows calls,
/// jumps and functions whose address is taken (an indirect call can only reach those), and refuses what <see cref="KernelRules"/> does not allow.</summary>
public static class KernelGate
{
    /// <summary>Checks an object file of the native compiler.</summary>
    /// <param name="code">The file.</param>
    /// <param name="assembly">The symbols that our own assembly defines.</param>
    /// <returns>Every violation, each symbol once by a shortest path; and how many functions were looked at.</returns>
    public static (IReadOnlyList<GateViolation> Violations, int Examined) Check(ObjectCode code, IReadOnlySet<string> assembly)
    {
        var violations = new List<GateViolation>();
        var seen = new HashSet<CodeFunction>(ReferenceEqualityComparer.Instance);
        var callers = new Dictionary<CodeFunction, CodeFunction>(ReferenceEqualityComparer.Instance);
        var queue = new Queue<CodeFunction>();
        foreach (var (name, function) in code.Functions.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (KernelRules.IsKernel(name) && seen.Add(function))
            {
                queue.Enqueue(function);
                if (KernelRules.ManagedHelper(function.Name) is { } itself)
                {
                    violations.Add(new GateViolation(itself, [function.Name]));
                }
            }
        }

        var reported = new HashSet<(string, string)>();
        while (queue.TryDequeue(out var function))
        {
            foreach (var reference in function.References)
            {
                var target = code.Functions.GetValueOrDefault(reference.Symbol);
                var what = Judge(reference, target, assembly);
                if (what is not null)
                {
                    // Each place in the kernel's own code is worth a line; deeper ones repeat it.
                    if (reported.Add((KernelRules.IsKernel(function.Name) ? function.Name : string.Empty, reference.Symbol)))
                    {
                        violations.Add(new GateViolation(what, [.. PathTo(function, callers), reference.Symbol]));
                    }
                }
                else if (target is not null && seen.Add(target))
                {
                    callers[target] = function;
                    queue.Enqueue(target);
                }
            }
        }

        return (violations, seen.Count);
    }

    private static string? Judge(CodeReference reference, CodeFunction? target, IReadOnlySet<string> assembly) => reference.Kind switch
    {
        ReferenceKind.ThreadLocal => "uses storage of the current thread",
        _ when target is not null => KernelRules.ManagedHelper(target.Name),
        ReferenceKind.Call => KernelRules.ForeignCall(reference.Symbol, assembly),
        _ => KernelRules.Data(reference.Symbol, assembly),
    };

    private static List<string> PathTo(CodeFunction function, Dictionary<CodeFunction, CodeFunction> callers)
    {
        List<string> path = [function.Name];
        while (callers.TryGetValue(function, out var caller))
        {
            path.Insert(0, caller.Name);
            function = caller;
        }

        return path;
    }
}
