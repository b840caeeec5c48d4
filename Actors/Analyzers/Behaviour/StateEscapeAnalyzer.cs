using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>TRP0010: what runs beside an actor's turns does not reach the actor's state.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class StateEscapeAnalyzer : ActorCodeAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.StateEscapes];

    /// <inheritdoc/>
    protected override void Register(SymbolStartAnalysisContext actor)
    {
        ISymbol type = actor.Symbol;
        actor.RegisterOperationAction(
            context =>
            {
                if (IsOf(context.ContainingSymbol, type))
                    Check(context);
            },
            OperationKind.Invocation, OperationKind.ObjectCreation, OperationKind.EventAssignment);
    }

    private static void Check(OperationAnalysisContext context)
    {
        switch (context.Operation)
        {
            case IInvocationOperation call when BesideTurns.Runs(call.TargetMethod):
                CheckArguments(context, call.Arguments, $"{call.TargetMethod.ContainingType.Name}.{call.TargetMethod.Name}");
                break;
            case IObjectCreationOperation { Constructor: { } constructor } creation when BesideTurns.Runs(constructor):
                CheckArguments(context, creation.Arguments, constructor.ContainingType.Name);
                break;
            case IEventAssignmentOperation { Adds: true, EventReference: IEventReferenceOperation { Instance: not IInstanceReferenceOperation } happening } subscription:
                CheckValue(context, subscription.HandlerValue, $"The event {happening.Event.Name}");
                break;
        }
    }

    private static void CheckArguments(OperationAnalysisContext context, ImmutableArray<IArgumentOperation> arguments, string runner)
    {
        foreach (IArgumentOperation argument in arguments)
            CheckValue(context, argument.Value, runner);
    }

    private static void CheckValue(OperationAnalysisContext context, IOperation value, string runner)
    {
        if (Captured(value) is { } state)
            context.ReportDiagnostic(Diagnostic.Create(Rules.StateEscapes, value.Syntax.GetLocation(), runner, state));
    }

    /// <summary>The name of some state of the actor that the value can reach.</summary>
    private static string? Captured(IOperation value) => value switch
    {
        IConversionOperation conversion => Captured(conversion.Operand),
        IDelegateCreationOperation creation => Captured(creation.Target),
        IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } => "this",
        IAnonymousFunctionOperation function => State(function.Body, function.Symbol),
        IMethodReferenceOperation { Method.MethodKind: MethodKind.LocalFunction } reference =>
            LocalFunction(reference) is { Body: { } body } local ? State(body, local.Symbol) : null,
        IMethodReferenceOperation { Instance: IInstanceReferenceOperation } reference => reference.Method.Name,
        IArrayCreationOperation { Initializer: { } elements } => elements.ElementValues.Select(Captured).FirstOrDefault(static name => name is not null),
        _ => null,
    };

    private static string? State(IOperation body, ISymbol function)
    {
        foreach (IOperation operation in body.Descendants())
        {
            switch (operation)
            {
                case IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance }:
                    return operation.Parent is IMemberReferenceOperation member ? member.Member.Name : "this";
                // What members use of the primary constructor's parameters is state as well.
                case IParameterReferenceOperation { Parameter: { ContainingSymbol: IMethodSymbol { MethodKind: MethodKind.Constructor } constructor } parameter }
                    when !IsInside(function, constructor):
                    return parameter.Name;
            }
        }

        return null;
    }

    private static bool IsInside(ISymbol? function, ISymbol constructor)
    {
        for (; function is not null; function = function.ContainingSymbol)
        {
            if (SymbolEqualityComparer.Default.Equals(function, constructor))
                return true;
        }

        return false;
    }

    private static ILocalFunctionOperation? LocalFunction(IMethodReferenceOperation reference)
    {
        IOperation root = reference;
        while (root.Parent is { } parent)
            root = parent;
        return root.Descendants().OfType<ILocalFunctionOperation>()
            .FirstOrDefault(local => SymbolEqualityComparer.Default.Equals(local.Symbol, reference.Method));
    }
}
